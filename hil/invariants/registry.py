"""The invariants that are checked in every test: ours, and those of installed packages."""

from hil.config.registry import Registry, subclass_of
from hil.invariants.invariant import Invariant

INVARIANTS = Registry[type[Invariant]](
    kind="invariant",
    group="pico_hil.invariants",
    built_in={
        "two-masters": "hil.invariants.masters.TwoMasters",
        "role-order": "hil.invariants.order.RoleOrder",
        "epoch-fall": "hil.invariants.epochs.EpochFall",
        "crash": "hil.invariants.consoles.Crash",
        "traceback": "hil.invariants.consoles.Traceback",
        "reboot": "hil.invariants.reboots.Reboot",
    },
    requirement=subclass_of(Invariant),
    own_name=lambda invariant: getattr(invariant, "name", ""),
)
"""What ``invariants.expect(…)`` can name. Those about roles find nothing in firmware that has none."""


def all_invariants() -> tuple[type[Invariant], ...]:
    """Every invariant, the built-in ones first. Reads the metadata of installed packages: call it once per run.

    Raises ``BrokenEntryPoint``.
    """
    return tuple(INVARIANTS.load(name) for name in INVARIANTS.in_table_order)
