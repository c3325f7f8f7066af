"""Every error that pico-hil raises on purpose: one root, a few kinds a caller may want to tell apart."""


class HilError(Exception):
    """Root of all errors of pico-hil. The text says what went wrong, where, and what to do."""


class ConfigError(HilError):
    """A file or option that the user wrote is wrong. The text starts with ``file:line:``."""


class BenchError(HilError):
    """The bench failed, not the firmware: a cable, a hub, a board that does not enumerate."""


class LinkError(BenchError):
    """A board's serial line is not there, or went away while it was in use."""


class PowerError(BenchError):
    """A power port did not do what it was told."""


class ProbeError(BenchError):
    """The probe could not join the Wi-Fi, or could not send."""


class DeployError(BenchError):
    """Files could not be put on a board; what the board held before is still there."""


class BootselError(BenchError):
    """A board did not go to BOOTSEL mode, or its firmware could not be replaced. It may be left in that mode."""


class FlashFull(DeployError):
    """A board's flash has no room for the files: the firmware is too large, or something else is in the way."""


class RecoveryFailed(BenchError):
    """A board could not be brought to a known state by any means of the bench; it is quarantined from now on."""

    def __init__(self, board: str, reason: str) -> None:
        super().__init__(f"{board}: {reason}; it is quarantined for the rest of the run")
        self.board = board
        self.reason = reason


class BlockedByQuarantine(BenchError):
    """A test needs a board that is quarantined, so it was not begun."""


class FaultError(HilError):
    """A fault cannot be injected: the rig does not offer it, or the board is not in a state to have it."""


class WaitTimeout(HilError, AssertionError):
    """What a test waited for did not happen in time.

    It is an ``AssertionError`` too: the bench worked, the firmware did not do what was asserted.
    """


class MeasurementExceeded(HilError, AssertionError):
    """A measured value is over its limit. ``value`` and ``limit`` are both in ``unit``."""

    def __init__(self, name: str, value: float, limit: float, unit: str) -> None:
        super().__init__(f'measurement "{name}": {value:.9g} {unit} is over the limit of {limit:.9g} {unit}')
        self.name = name
        self.value = value
        self.limit = limit
        self.unit = unit
