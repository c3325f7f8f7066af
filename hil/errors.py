"""The exceptions of pico-hil: one root, and a subclass for each kind that callers handle differently."""


class HilError(Exception):
    """Base class of all errors of pico-hil. The message states what went wrong, where, and what to do."""


class ConfigError(HilError):
    """A configuration file or an option is invalid. The message starts with ``file:line:`` where there is a file."""


class BenchError(HilError):
    """The bench failed, not the firmware: a cable, a hub, a board that does not enumerate."""


class LinkError(BenchError):
    """A board's serial device is absent, cannot be opened, or disappeared while in use."""


class PowerError(BenchError):
    """A power port could not be switched, or does not report the state it was switched to."""


class ProbeError(BenchError):
    """The probe could not join the Wi-Fi, could not send, or its board failed."""


class DeployError(BenchError):
    """Files could not be deployed to a board. The files it had before are still there."""


class BootselError(BenchError):
    """A board did not enter BOOTSEL mode, or its firmware could not be replaced. It may still be in that mode."""


class FlashFull(DeployError):
    """The files do not fit on a board's flash: the firmware is too large, or other files take up the space."""


class RecoveryFailed(BenchError):
    """No rung of the recovery ladder brought a board to a known state. It is quarantined for the rest of the run."""

    def __init__(self, board: str, reason: str) -> None:
        super().__init__(f"{board}: {reason}; it is quarantined for the rest of the run")
        self.board = board
        self.reason = reason


class BlockedByQuarantine(BenchError):
    """A test was not started because it needs a quarantined board."""


class FaultError(HilError):
    """A fault cannot be injected: the rig does not support it, or the board is in the wrong state for it."""


class WaitTimeout(HilError, AssertionError):
    """What a test waited for did not happen in time.

    Also an ``AssertionError``: the bench worked, and the firmware did not do what the test asserted.
    """


class MeasurementExceeded(HilError, AssertionError):
    """A measured value is over its limit. ``value`` and ``limit`` are both in ``unit``."""

    def __init__(self, name: str, value: float, limit: float, unit: str) -> None:
        super().__init__(f'measurement "{name}": {value:.9g} {unit} is over the limit of {limit:.9g} {unit}')
        self.name = name
        self.value = value
        self.limit = limit
        self.unit = unit
