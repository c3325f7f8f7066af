"""The public face of pico-hil: what tests use, for calls and for type hints. Driver authors: see :mod:`hil.abc`.

Names that are not here, in :mod:`hil.abc` or in :mod:`hil.testing` are private and may move between releases.
Nothing is imported before it is used: a pytest run without a rig does not pay for any of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hil.board.board import Board as Board
    from hil.board.console import Console as Console
    from hil.board.console import Line as Line
    from hil.board.console import Mark as Mark
    from hil.clock import Clock as Clock
    from hil.cluster.cluster import Cluster as Cluster
    from hil.errors import BenchError as BenchError
    from hil.errors import BlockedByQuarantine as BlockedByQuarantine
    from hil.errors import BootselError as BootselError
    from hil.errors import ConfigError as ConfigError
    from hil.errors import DeployError as DeployError
    from hil.errors import FaultError as FaultError
    from hil.errors import FlashFull as FlashFull
    from hil.errors import HilError as HilError
    from hil.errors import LinkError as LinkError
    from hil.errors import MeasurementExceeded as MeasurementExceeded
    from hil.errors import PowerError as PowerError
    from hil.errors import ProbeError as ProbeError
    from hil.errors import RecoveryFailed as RecoveryFailed
    from hil.errors import WaitTimeout as WaitTimeout
    from hil.events import Event as Event
    from hil.events import Timeline as Timeline
    from hil.events import TimelineEntry as TimelineEntry
    from hil.events import UnknownEvent as UnknownEvent
    from hil.faults.condition import Condition as Condition
    from hil.faults.fault import Fault as Fault
    from hil.faults.injector import Faults as Faults
    from hil.fixtures.measure import Measure as Measure
    from hil.invariants.watch import Invariants as Invariants
    from hil.probes import Datagram as Datagram
    from hil.probes import Listener as Listener
    from hil.probes import Probe as Probe
    from hil.probes import TcpConnection as TcpConnection
    from hil.rig import Rig as Rig

_DEFINED_IN = {
    "BenchError": "hil.errors",
    "BlockedByQuarantine": "hil.errors",
    "Board": "hil.board.board",
    "BootselError": "hil.errors",
    "Clock": "hil.clock",
    "Cluster": "hil.cluster.cluster",
    "Condition": "hil.faults.condition",
    "ConfigError": "hil.errors",
    "Console": "hil.board.console",
    "Datagram": "hil.probes",
    "DeployError": "hil.errors",
    "Event": "hil.events",
    "Fault": "hil.faults.fault",
    "FaultError": "hil.errors",
    "Faults": "hil.faults.injector",
    "FlashFull": "hil.errors",
    "HilError": "hil.errors",
    "Invariants": "hil.invariants.watch",
    "Line": "hil.board.console",
    "LinkError": "hil.errors",
    "Listener": "hil.probes",
    "Mark": "hil.board.console",
    "Measure": "hil.fixtures.measure",
    "MeasurementExceeded": "hil.errors",
    "PowerError": "hil.errors",
    "Probe": "hil.probes",
    "ProbeError": "hil.errors",
    "RecoveryFailed": "hil.errors",
    "Rig": "hil.rig",
    "TcpConnection": "hil.probes",
    "Timeline": "hil.events",
    "TimelineEntry": "hil.events",
    "UnknownEvent": "hil.events",
    "WaitTimeout": "hil.errors",
}
"""Public name to the module that defines it. A test compares it with the imports above."""

__all__ = sorted(_DEFINED_IN)  # noqa: PLE0605  # known before anything is imported


def __getattr__(name: str) -> object:
    if name not in _DEFINED_IN:
        raise AttributeError(f"module 'hil' has no public name {name!r}")
    return getattr(import_module(_DEFINED_IN[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_DEFINED_IN]
