"""Where a block device is mounted on this machine, and mounting it when it is not."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hil.errors import BootselError
from hil.host.program import Finished, ProgramError, ProgramMissing, Run, run_here

MOUNTINFO = Path("/proc/self/mountinfo")
SYSFS = Path("/sys")
_MOUNT_WITHIN_S = 15.0
"""Seconds of real time for ``udisksctl``."""

_MOUNTED = re.compile(r" at (/.*?)\.?\s*$")
"""What ``udisksctl`` prints; up to version 2.9 with a full stop at the end."""


@dataclass(frozen=True)
class Mount:
    """One line of ``/proc/self/mountinfo`` (see proc_pid_mountinfo(5))."""

    device: str
    """Major and minor number, as in ``8:1``: the only name of a device with a single spelling."""
    root: str
    """The folder of the file system that is mounted; ``/`` for all of it."""
    point: Path
    is_writable: bool


def parse_mountinfo(text: str) -> list[Mount]:
    """All mounts, in the kernel's order: of two on one mount point, the later one counts."""
    mounts = []
    for line in text.splitlines():
        # A single dash ends the optional fields; the file system's own fields follow.
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 6 or not after:
            continue
        own_options = after.split(" ")[-1].split(",")
        is_writable = "ro" not in fields[5].split(",") and "ro" not in own_options
        mounts.append(Mount(fields[2], _plain(fields[3]), Path(_plain(fields[4])), is_writable))
    return mounts


def find_mount(mounts: Sequence[Mount], device: str) -> Mount | None:
    """The mount of the complete ``device`` (``8:1``), if possible a writable one."""
    complete = [mount for mount in mounts if mount.device == device and mount.root == "/"]
    return max(complete, key=lambda mount: mount.is_writable, default=None)


def volume_of(block_devices: Sequence[str]) -> str | None:
    """The node of the volume among a disk and its partitions: the partition, or the disk if it has none (yet)."""
    return max(block_devices, key=len, default=None)


class Mounter:
    """Finds or makes the mount of a block device. Tests put other files in the place of the kernel's."""

    def __init__(
        self,
        mountinfo: Path = MOUNTINFO,
        sysfs: Path = SYSFS,
        run: Run = run_here,
    ) -> None:
        self._mountinfo = mountinfo
        self._sysfs = sysfs
        self._run = run

    def mount(self, node: str) -> Path:
        """The folder on which the device ``node`` (``/dev/sda1``) is mounted; mounts it if necessary.

        Raises ``BootselError``.
        """
        mount = self._find(node)
        if mount is None:
            result = self._mount_by_udisks(node)
            # Look even after a failure: the desktop may have mounted it at the same time.
            mount = self._find(node)
            if mount is None:
                found = _MOUNTED.search(result.output.strip()) if result.status == 0 else None
                if found is None:
                    raise BootselError(f"{node} cannot be mounted by udisksctl ({result.reason()}); {_by_hand(node)}")
                return Path(found[1])
        if not mount.is_writable:
            raise BootselError(f"{node} is mounted read-only on {mount.point}; unmount it (`umount {node}`)")
        return mount.point

    def _find(self, node: str) -> Mount | None:
        try:
            number = (self._sysfs / "class" / "block" / Path(node).name / "dev").read_text().strip()
        except OSError as error:
            raise BootselError(f"{node} went away ({error.strerror}); check the board's cable") from error
        return find_mount(parse_mountinfo(self._mountinfo.read_text()), number)

    def _mount_by_udisks(self, node: str) -> Finished:
        try:
            return self._run(["udisksctl", "mount", "--no-user-interaction", "-b", node], _MOUNT_WITHIN_S)
        except ProgramMissing:
            text = f"{node} is not mounted, and there is no udisksctl to mount it"
            raise BootselError(
                f"{text}; install it (`sudo apt install udisks2`), or picotool, or {_by_hand(node)}"
            ) from None
        except ProgramError as error:
            raise BootselError(f"{node} cannot be mounted: {error}; {_by_hand(node)}") from error


def _by_hand(node: str) -> str:
    return f"mount it by hand: `sudo mount -o umask=000 {node} /mnt`"


def _plain(path: str) -> str:
    """A path without the octal escapes that the kernel writes for blanks and similar characters."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)
