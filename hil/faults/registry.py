"""The faults that there are, by the names that tests use: ours, and those of installed packages."""

from collections.abc import Collection, Iterable

from hil.config.registry import Registry, subclass_of
from hil.faults import BenchFault, FaultDriver

FAULTS = Registry[type[FaultDriver]](
    kind="fault",
    group="pico_hil.faults",
    built_in={
        "power_cut": "hil.faults.power.PowerCut",
        "brown_out": "hil.faults.power.BrownOut",
        "radio_off": "hil.faults.over_repl.RadioOff",
        "ap_restart": "hil.faults.power.ApRestart",
        "loss": "hil.faults.packets.Loss",
        "latency": "hil.faults.packets.Latency",
        "duplication": "hil.faults.packets.Duplication",
        "reordering": "hil.faults.packets.Reordering",
        "partition": "hil.faults.partition.Partition",
        "wrong_key": "hil.faults.over_repl.WrongKey",
        "full_flash": "hil.faults.over_repl.FullFlash",
        "usb_drop": "hil.faults.serial_line.UsbDrop",
        "garbled_serial": "hil.faults.serial_line.GarbledSerial",
    },
    requirement=subclass_of(FaultDriver),
)
"""What ``faults.NAME(…)``, ``needs(faults=(…))`` and ``--hil-condition`` can name."""


def fault_names() -> tuple[str, ...]:
    """Every known name: the built-in ones in the order of their table, then those of other packages."""
    return FAULTS.in_table_order


def offered_faults(bench: Collection[type[BenchFault]]) -> tuple[str, ...]:
    """The faults that a rig can have whose bench offers the classes ``bench``; none of a broken package."""
    usable = FAULTS.usable()
    return tuple(name for name in fault_names() if name in usable and usable[name].is_offered(bench))


def missing_faults(rig: str, wanted: Iterable[str], bench: Collection[type[BenchFault]]) -> str:
    """Which of the faults ``wanted`` a rig cannot have, as a reason to skip; empty when it can have all.

    Raises ``UnknownName`` and ``BrokenEntryPoint`` for one of ``wanted``.
    """
    missing = [name for name in wanted if not FAULTS.load(name).is_offered(bench)]
    if not missing:
        return ""
    able = ", ".join(offered_faults(bench))
    return f'needs faults that rig "{rig}" cannot inject: {", ".join(missing)}; it can inject: {able}'
