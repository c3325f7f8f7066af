"""The physical bench: real boards on real hubs, or what looks like them to this machine."""

from contextlib import ExitStack

from hil.bootsel.mounts import Mounter
from hil.bootsel.usb import UsbBootsel
from hil.clock import MonotonicClock
from hil.config.hubs import VirtualHubSection
from hil.config.links import address_class
from hil.config.rig import RigConfig, WiredBoard
from hil.errors import ConfigError
from hil.host.locks import BoardLocks
from hil.host.usb_devices import UsbMonitor
from hil.links import LinkSite
from hil.links.reader import PortLink
from hil.power import PowerPort


class PhysicalBench:
    """Boards on the USB of this machine or behind serial servers. Implements :class:`hil.bench.bench.Bench`.

    Only what the rig file names is opened or switched. Each of its boards is locked on this machine until
    :meth:`close`: a second bench with one of them raises ``BoardsInUse``.
    """

    def __init__(self, config: RigConfig) -> None:
        """Raises ``BenchError`` when a board is locked by another run."""
        self._clock = MonotonicClock()
        self._monitor: UsbMonitor | None = None
        with ExitStack() as stack:
            stack.callback(BoardLocks({board.name: lock_keys(board) for board in config.wired_boards}).release)
            self._links = {board.name: self._link(board, stack) for board in config.wired_boards}
            self._bootsels = {board.name: self._bootsel(board) for board in config.wired_boards}
            self._power_ports = {board.name: self._power_port(config, board) for board in config.wired_boards}
            self._stack = stack.pop_all()

    @property
    def clock(self) -> MonotonicClock:
        """The host's monotonic clock, from now on."""
        return self._clock

    @property
    def usb(self) -> UsbMonitor | None:
        """The USB devices of this machine, kept up to date; None when every board of the rig has a ``link:``."""
        return self._monitor

    def link(self, board: str) -> PortLink:
        """The serial line to ``board``."""
        return self._links[board]

    def bootsel(self, board: str) -> UsbBootsel:
        """``board`` in BOOTSEL mode, on the USB of this machine."""
        return self._bootsels[board]

    def power_port(self, board: str) -> PowerPort:
        """The port of a hub, or the outlet, that supplies ``board``."""
        return self._power_ports[board]

    def probe(self) -> None:
        """None: this kind of bench has no probe of its own. ``hil.bench.probe_choice`` makes the other kinds."""

    def sniffer(self) -> None:
        """None: this bench has no sniffer."""

    def faults(self) -> None:
        """None: this bench cannot disturb packets or cables."""

    def begin_test(self, name: str) -> None:
        """Does nothing: chance on this bench has no seed."""

    def close(self) -> None:
        """Close every port, end all threads and release the locks. Power stays as it is."""
        self._stack.close()

    def _link(self, board: WiredBoard, stack: ExitStack) -> PortLink:
        site = LinkSite(
            link=board.link or "",
            board_type=board.type,
            clock=self._clock,
            serial=board.serial,
            usb_port=board.usb_port,
            usb=lambda: self._usb_monitor(stack),
        )
        link = PortLink(board.name, address_class(board.link)(site), self._clock)
        stack.callback(link.stop)
        return link

    def _usb_monitor(self, stack: ExitStack) -> UsbMonitor:
        if self._monitor is None:
            self._monitor = UsbMonitor(self._clock)
            stack.callback(self._monitor.close)
        return self._monitor

    def _bootsel(self, board: WiredBoard) -> UsbBootsel:
        # A board with a `link:` may be on the USB of this machine all the same. If it is not, locating it raises.
        return UsbBootsel(
            board.name,
            board.type,
            board.usb_port,
            board.serial,
            lambda: self._monitor.devices if self._monitor is not None else (),
            self._clock,
            Mounter(),
        )

    def _power_port(self, config: RigConfig, board: WiredBoard) -> PowerPort:
        hub = config.hubs[board.power.hub]
        if isinstance(hub, VirtualHubSection):
            raise ConfigError(f"{config.path}: hub {board.power.hub} is virtual and cannot supply a real board")
        return hub.power_port(board.power.port, self._clock)


def lock_keys(board: WiredBoard) -> list[str]:
    """Every name by which a rig file can refer to this board."""
    names = {"serial": board.serial, "usb": board.usb_port, "link": board.link}
    return [f"{kind} {name}" for kind, name in names.items() if name]
