"""What authors of drivers implement or derive from, gathered from the rooms that define it.

Each kind of driver has a protocol or base class here, an entry-point group under which a package offers it, and, where
its behaviour can be checked from outside, a contract in :mod:`hil.testing`. ``docs/extending.md`` shows one of each.
"""

from hil.bench.sniffer import Frame
from hil.board.recovery import RecoveryAttempt
from hil.config.board_type import BoardType, Uf2Family, UsbId
from hil.config.board_types.pico2_w import PICO2_W
from hil.config.board_types.pico_w import PICO_W
from hil.config.rig import RigConfig, find_rig, load_rig
from hil.doctor import BoardCheck, ExaminedBoard, Finding, Machine, MachineCheck, Status
from hil.faults import BenchFault, BoardFault, End, FaultContext, FaultDriver
from hil.faults.packets import Chance, Copy, PacketFault
from hil.host.usb_devices import UsbDevice
from hil.invariants.invariant import Invariant, Violation
from hil.links import Address, BorrowedPort, DeviceAbsent, LinkListener, LinkSite, SerialLink
from hil.power import HubSection, PowerPort, PowerSetupError, power_errors
from hil.probes import Datagram, Listener, Probe, TcpConnection
from hil.probes.section import ProbeBoard, ProbeSection, ProbeSite
from hil.probes.sockets import SocketProbe
from hil.probes.udp import UdpPort, UdpProbe
from hil.report.artifact import Artifact, ArtifactFile, RecordedTest
from hil.report.measurements import Measurement

__all__ = [
    "PICO2_W",
    "PICO_W",
    "Address",
    "Artifact",
    "ArtifactFile",
    "BenchFault",
    "BoardCheck",
    "BoardFault",
    "BoardType",
    "BorrowedPort",
    "Chance",
    "Copy",
    "Datagram",
    "DeviceAbsent",
    "End",
    "ExaminedBoard",
    "FaultContext",
    "FaultDriver",
    "Finding",
    "Frame",
    "HubSection",
    "Invariant",
    "LinkListener",
    "LinkSite",
    "Listener",
    "Machine",
    "MachineCheck",
    "Measurement",
    "PacketFault",
    "PowerPort",
    "PowerSetupError",
    "Probe",
    "ProbeBoard",
    "ProbeSection",
    "ProbeSite",
    "RecordedTest",
    "RecoveryAttempt",
    "RigConfig",
    "SerialLink",
    "SocketProbe",
    "Status",
    "TcpConnection",
    "UdpPort",
    "UdpProbe",
    "Uf2Family",
    "UsbDevice",
    "UsbId",
    "Violation",
    "find_rig",
    "load_rig",
    "power_errors",
]
