"""What authors of drivers implement or derive from, gathered from the rooms that define it.

Each kind of driver has a protocol or base class here, an entry-point group under which a package offers it, and, where
its behaviour can be checked from outside, a contract in :mod:`hil.testing`. ``docs/extending.md`` has an example of each.
"""

from hil.invariants.invariant import Invariant as Invariant
from hil.invariants.invariant import Violation as Violation
from hil.links import BorrowedPort as BorrowedPort
from hil.links import LinkListener as LinkListener
from hil.links import SerialLink as SerialLink
from hil.power import HubSection as HubSection
from hil.power import PowerPort as PowerPort
from hil.power import PowerSetupError as PowerSetupError
from hil.power import power_errors as power_errors
from hil.probes import Probe as Probe
