"""The checks of ``hil doctor``: ours, and those of installed packages."""

from hil.config.registry import Registry, Requirement
from hil.doctor import BoardCheck, MachineCheck

CHECKS = Registry[type[MachineCheck | BoardCheck]](
    kind="doctor check",
    group="pico_hil.doctor",
    built_in={
        "access": "hil.doctor.access.AccessCheck",
        "bandwidth": "hil.doctor.bandwidth.BandwidthCheck",
        "kernel": "hil.doctor.kernel.KernelCheck",
        "micropython": "hil.doctor.micropython.MicropythonCheck",
        "flash": "hil.doctor.flash.FlashCheck",
        "radio": "hil.doctor.radio.RadioCheck",
        "power": "hil.doctor.supply.SupplyCheck",
    },
    requirement=Requirement(
        "a subclass of hil.abc.MachineCheck or hil.abc.BoardCheck",
        lambda found: isinstance(found, type) and issubclass(found, (MachineCheck, BoardCheck)),
    ),
)
"""In this order, those of packages last. ``power`` comes after the built-in ones that rely on a board's RAM."""
