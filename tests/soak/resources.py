"""The resources that a process holds, as reported by the kernel."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Resources:
    """Resources of one process at one moment."""

    descriptors: int
    threads: int
    locks: int
    """Open files whose names end in `.lock`."""
    memory_kb: int
    """Resident memory."""

    def grown_since(self, before: "Resources", memory_kb: int) -> list[str]:
        """The resources that are more than ``before``; memory counts if it grew by more than ``memory_kb``."""
        grown = [
            f"{name}: {getattr(before, name)}, then {getattr(self, name)}"
            for name in ("descriptors", "threads", "locks")
            if getattr(self, name) > getattr(before, name)
        ]
        if self.memory_kb - before.memory_kb > memory_kb:
            grown.append(f"resident memory: {before.memory_kb} KB, then {self.memory_kb} KB")
        return grown


def resources_of(pid: int) -> Resources:
    """The current resources of process ``pid``."""
    process = Path("/proc") / str(pid)
    opened = []
    for descriptor in process.joinpath("fd").iterdir():
        # The descriptor that lists the folder is closed again by now.
        with suppress(FileNotFoundError):
            opened.append(str(descriptor.readlink()))
    status = dict(line.split(":\t", 1) for line in process.joinpath("status").read_text().splitlines())
    return Resources(
        descriptors=len(opened),
        threads=int(status["Threads"]),
        locks=sum(path.endswith(".lock") for path in opened),
        memory_kb=int(status["VmRSS"].split()[0]),
    )
