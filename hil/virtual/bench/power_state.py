"""The states of a virtual board."""

from enum import Enum


class PowerState(Enum):
    """The state of a board, seen from outside."""

    OFF = "off"
    BOOTING = "booting"
    RUNNING = "running"
    CRASHED = "crashed"
    BOOTLOADER = "in the bootloader"
    BROWNED_OUT = "browned out"
