"""The addresses behind names, as last resolved. Pure: time and resolving are passed in."""

from picolink.timing import RESOLVE_PERIOD_MS, RESOLVE_RETRY_MS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Entry:
    """One name. `ip` is empty while it is unknown."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.ip = ""
        self.asked = False
        self.due_ms = 0
        self.retry_ms = RESOLVE_RETRY_MS


class AddressBook:
    """Asks for one name at a time, because asking blocks, and logs what has changed."""

    def __init__(
        self, resolve: "Callable[[str], str]", now_ms: "Callable[[], int]", log: "Callable[[str], None]"
    ) -> None:
        self._resolve = resolve
        self._now_ms = now_ms
        self._log = log
        self._entries: list[Entry] = []

    def want(self, names: list[str]) -> None:
        """Keep track of these names and no others. Addresses already known are kept."""
        kept = [entry for entry in self._entries if entry.name in names]
        known = [entry.name for entry in kept]
        self._entries = kept + [Entry(name) for name in names if name not in known]

    def where(self, name: str) -> str:
        """The address of `name`; empty while it is unknown."""
        for entry in self._entries:
            if entry.name == name:
                return entry.ip
        return ""

    def due_ms(self) -> int | None:
        """When to ask for the next name; None without names."""
        return min([entry.due_ms for entry in self._entries]) if self._entries else None

    def ask_next(self) -> None:
        """Ask for the name that has waited longest."""
        longest = self._entries[0]
        for entry in self._entries:
            if entry.due_ms < longest.due_ms:
                longest = entry
        self._ask(longest)

    def ask(self, name: str, ip: str) -> None:
        """Ask for a name whose owner seems to be at `ip`, unless that is known already or the name is not due yet."""
        for entry in self._entries:
            if entry.name == name and entry.ip != ip and self._now_ms() >= entry.due_ms:
                self._ask(entry)

    def _ask(self, entry: Entry) -> None:
        started_ms = self._now_ms()
        ip = self._resolve(entry.name)
        now_ms = self._now_ms()
        if ip:
            entry.due_ms = now_ms + RESOLVE_PERIOD_MS
            entry.retry_ms = RESOLVE_RETRY_MS
        else:
            # Less and less often, because asking for a name that is gone blocks for seconds each time.
            entry.due_ms = now_ms + entry.retry_ms
            entry.retry_ms = min(2 * entry.retry_ms, RESOLVE_PERIOD_MS)
        if ip != entry.ip or not entry.asked:
            entry.ip = ip
            entry.asked = True
            elapsed_ms = now_ms - started_ms
            if ip:
                self._log(f"resolved name={entry.name}.local ip={ip} ms={elapsed_ms}")
            else:
                self._log(f"unresolved name={entry.name}.local ms={elapsed_ms}")
