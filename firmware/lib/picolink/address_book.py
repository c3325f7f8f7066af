"""Where the owners of names are, as last asked. Pure: time and asking are passed in."""

from picolink.timing import RESOLVE_PERIOD_MS, RESOLVE_RETRY_MS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Entry:
    """One name. `ip` is empty while it is not known."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.ip = ""
        self.asked = False
        self.due_ms = 0
        self.retry_ms = RESOLVE_RETRY_MS


class AddressBook:
    """Asks for one name at a time, since asking blocks, and says what has changed."""

    def __init__(
        self, resolve: "Callable[[str], str]", now_ms: "Callable[[], int]", say: "Callable[[str], None]"
    ) -> None:
        self._resolve = resolve
        self._now_ms = now_ms
        self._say = say
        self._entries: list[Entry] = []

    def want(self, names: list[str]) -> None:
        """These names and no others; what is known of them stays."""
        kept = [entry for entry in self._entries if entry.name in names]
        known = [entry.name for entry in kept]
        self._entries = kept + [Entry(name) for name in names if name not in known]

    def where(self, name: str) -> str:
        """The address of `name`; empty while it is not known."""
        for entry in self._entries:
            if entry.name == name:
                return entry.ip
        return ""

    def due_ms(self) -> int | None:
        """When the next name is to be asked for; None when there is none."""
        return min([entry.due_ms for entry in self._entries]) if self._entries else None

    def ask_next(self) -> None:
        """Ask for the name that has waited longest."""
        waiting = self._entries[0]
        for entry in self._entries:
            if entry.due_ms < waiting.due_ms:
                waiting = entry
        self._ask(waiting)

    def ask(self, name: str, ip: str) -> None:
        """Ask for a name whose owner seems to be at `ip`, unless that is known or was asked for a moment ago."""
        for entry in self._entries:
            if entry.name == name and entry.ip != ip and self._now_ms() >= entry.due_ms:
                self._ask(entry)

    def _ask(self, entry: Entry) -> None:
        begun_ms = self._now_ms()
        ip = self._resolve(entry.name)
        now_ms = self._now_ms()
        if ip:
            entry.due_ms = now_ms + RESOLVE_PERIOD_MS
            entry.retry_ms = RESOLVE_RETRY_MS
        else:
            # Ever less often: asking for a name that is gone costs seconds each time.
            entry.due_ms = now_ms + entry.retry_ms
            entry.retry_ms = min(2 * entry.retry_ms, RESOLVE_PERIOD_MS)
        if ip != entry.ip or not entry.asked:
            entry.ip = ip
            entry.asked = True
            spent_ms = now_ms - begun_ms
            if ip:
                self._say(f"resolved name={entry.name}.local ip={ip} ms={spent_ms}")
            else:
                self._say(f"unresolved name={entry.name}.local ms={spent_ms}")
