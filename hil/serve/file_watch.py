"""Notices that a program opens or closes a file, through inotify. The master side of a pty does not show an open."""

from collections.abc import Callable
from enum import Enum
from pathlib import Path

from inotify_simple import INotify, flags


class FileEvent(Enum):
    """What a program did with a file."""

    OPENED = "opened it"
    WRITTEN = "closed it, and could have written to it"
    READ = "closed it, and could not have written to it"


OnFileEvent = Callable[[FileEvent, str], None]
"""Called with the event and the name of the file in a watched folder; the name is empty for a watched file."""

_EVENTS = {flags.OPEN: FileEvent.OPENED, flags.CLOSE_WRITE: FileEvent.WRITTEN, flags.CLOSE_NOWRITE: FileEvent.READ}


class FileWatch:
    """Watches files and folders. ``descriptor`` is readable when events wait for :meth:`dispatch`."""

    def __init__(self) -> None:
        self._inotify = INotify()
        self._watched: dict[int, OnFileEvent] = {}

    @property
    def descriptor(self) -> int:
        """The file descriptor to wait for."""
        return int(self._inotify.fileno())

    def watch(self, path: Path, on_event: OnFileEvent) -> int:
        """Call ``on_event`` for everything that happens to ``path`` from now on. Returns the number of the watch."""
        mask = flags.OPEN | flags.CLOSE_WRITE | flags.CLOSE_NOWRITE
        number = int(self._inotify.add_watch(path, mask))
        self._watched[number] = on_event
        return number

    def unwatch(self, number: int) -> None:
        """End a :meth:`watch`. To be called before the file is removed."""
        if self._watched.pop(number, None) is not None:
            self._inotify.rm_watch(number)

    def dispatch(self) -> None:
        """Call the callbacks for all events until now."""
        for event in self._inotify.read(timeout=0):
            if event.mask & flags.IGNORED:
                # The kernel removes the watch of a file that is gone.
                self._watched.pop(event.wd, None)
                continue
            for flag, meaning in _EVENTS.items():
                if event.mask & flag and event.wd in self._watched:
                    self._watched[event.wd](meaning, event.name)

    def close(self) -> None:
        """End all watches."""
        self._watched.clear()
        self._inotify.close()
