"""The raw REPL of one board, to run code on it. The only module that uses mpremote."""

import ast
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from hil.board.repl_port import ReplPort, ReplTimeout
from hil.clock import Clock
from hil.errors import HilError, LinkError
from hil.links import BorrowedPort

EXEC_WITHIN_S = 10.0
"""Seconds of rig time that code on a board may take by default."""
ENTER_WITHIN_S = 15.0
"""Seconds of rig time in which a board must give its raw REPL; a boot.py may have to end first."""

_RAW_BANNER = b"raw REPL; CTRL-B to exit\r\n"
_SOFT_REBOOT = b"soft reboot\r\n"
_INTERRUPT = b"\r\x03"
_ENTER_RAW = b"\r\x01"
_EXIT_RAW = b"\r\x02"
_SOFT_RESET = b"\x04"
_END = b"\x04"
"""Ends what code prints in the raw REPL, and then its traceback, which is empty if it raised nothing."""
_IMPORT_MACHINE = "import machine\n"
_ATTEMPT_S = 1.0
"""Seconds that a board has to react to an interrupt before it is interrupted again."""
_QUIET_S = 0.2
"""Seconds of silence after which nothing more of an earlier attempt is on its way."""


class ReplError(HilError):
    """Code that ran on a board raised. The text ends with the board's own traceback."""

    def __init__(self, board: str, traceback: str) -> None:
        super().__init__(f"{board}: the code run on the board raised\n{traceback}")
        self.traceback = traceback


class RawRepl:
    """Runs code on one board over its serial port. Every operation is bounded in rig time.

    Raises ``LinkError`` when the board does not answer or goes away, ``ReplError`` when its code raises.
    """

    def __init__(self, board: str, port: BorrowedPort, clock: Clock) -> None:
        """``port`` is open and stays open; nothing else may read from it meanwhile."""
        self.board = board
        self._clock = clock
        self._port = ReplPort(board, port, clock)
        self._transport = _BorrowedTransport(self._port)

    def enter(self, *, soft_reset: bool, within_s: float = ENTER_WITHIN_S) -> None:
        """Interrupt whatever runs and enter the raw REPL.

        ``soft_reset`` also gives a fresh heap, without timers and threads of the firmware: boot.py runs again,
        main.py does not. Without it the firmware's state can be inspected.
        """
        with self._bounded(within_s, "give its raw REPL"):
            self._interrupt()
            if soft_reset:
                self._port.write(_SOFT_RESET)
                self._port.read_until(_SOFT_REBOOT)
                self._await_raw_banner_after_boot()

    def exec(self, code: str, within_s: float = EXEC_WITHIN_S) -> str:
        """Run ``code`` and return what it printed, lines ending in ``\\n``."""
        with self._bounded(within_s, f"run {_first_line(code)!r}"):
            output: bytes = self._transport.exec(code)
        return output.decode("utf-8", "backslashreplace").replace("\r\n", "\n")

    def eval(self, expression: str, within_s: float = EXEC_WITHIN_S) -> object:
        """The value of ``expression`` on the board, rebuilt from its ``repr``."""
        return ast.literal_eval(self.exec(f"print(repr({expression}))", within_s).strip())

    def start(self, code: str, ready: bytes, within_s: float = EXEC_WITHIN_S, *, title: str = "") -> None:
        """Run ``code``, and leave it running once it has printed the line ``ready``. Ctrl-C ends it.

        What it prints afterwards stays on the port for its next reader. Errors quote the first line of ``code``; with
        ``title`` they do not, which ``code`` with a secret needs. Raises ``ReplError`` if ``code`` ends before it is
        ready.
        """
        with self._bounded(within_s, f"run {title or repr(_first_line(code))}"):
            self._transport.exec_raw_no_follow(code)
            if self._port.read_until(ready + b"\r\n", _END).endswith(_END):
                raised = self._port.read_until(_END).removesuffix(_END).decode("utf-8", "backslashreplace")
                raise TransportExecError(1, raised or f"nothing, but ended without printing {ready.decode()!r}")

    def reset(self, within_s: float = EXEC_WITHIN_S) -> None:
        """Reset the board by ``machine.reset()``, and wait until its serial device has gone."""
        self._leave("reset", _IMPORT_MACHINE + "machine.reset()", within_s)

    def enter_bootloader(self, within_s: float = EXEC_WITHIN_S) -> None:
        """Send the board to BOOTSEL mode, and wait until its serial device has gone."""
        self._leave("enter its bootloader", _IMPORT_MACHINE + "machine.bootloader()", within_s)

    def exit(self) -> None:
        """Return to the friendly REPL. What runs is interrupted; main.py is not started again."""
        with self._bounded(_ATTEMPT_S, "leave its raw REPL"):
            self._port.write(_INTERRUPT + _EXIT_RAW)

    def _leave(self, task: str, code: str, within_s: float) -> None:
        with self._bounded(within_s, task):
            # The answer to the command may be lost with the device, when the host reads it late.
            with suppress(OSError):
                self._transport.exec_raw_no_follow(code)
            self._port.read_until_gone()

    def _interrupt(self) -> None:
        attempts = 0
        while not self._try_to_interrupt():
            attempts += 1
        if attempts:
            # A late answer to an earlier attempt would be taken for the answer to the first command.
            self._port.read_until_quiet(_QUIET_S)
            self._port.write(_ENTER_RAW)
            self._port.read_until(_RAW_BANNER)

    def _try_to_interrupt(self) -> bool:
        # Twice: a program that cleans up after the first interrupt is stopped by the second.
        self._port.write(_INTERRUPT + _INTERRUPT)
        self._port.discard_waiting()
        self._port.write(_ENTER_RAW)
        return self._port.try_read_until(_RAW_BANNER, _ATTEMPT_S)

    def _await_raw_banner_after_boot(self) -> None:
        # A slow boot.py may run for one attempt, and is then interrupted until it ends.
        while not self._port.try_read_until(_RAW_BANNER, _ATTEMPT_S):
            self._port.write(_INTERRUPT)

    @contextmanager
    def _bounded(self, within_s: float, task: str) -> Iterator[None]:
        self._port.deadline = self._clock.deadline(within_s)
        try:
            yield
        except TransportExecError as error:
            raise ReplError(self.board, str(error.error_output).replace("\r\n", "\n").strip()) from None
        except ReplTimeout as late:
            raise LinkError(
                f"{self.board}: the board did not {task} within {within_s:g} s{late.heard}; does its firmware catch "
                "KeyboardInterrupt, or keep interrupts off? Cycle its power and try again"
            ) from None
        except TransportError as error:
            raise LinkError(
                f"{self.board}: the raw REPL lost synchronisation when it was to {task}: {error}"
            ) from error
        except OSError as error:  # pyserial's SerialException is one, but a vanished tty also raises plain ones
            text = f"{self.board}: the serial device went away while the board was to {task}"
            raise LinkError(f"{text}; was its power cut, or did it reset? ({error})") from error


def _first_line(code: str) -> str:
    return code.strip().partition("\n")[0]


class _BorrowedTransport(SerialTransport):  # type: ignore[misc]  # mpremote has no types
    """mpremote's protocol over a port that is open already; waits in rig time, not in host time."""

    def __init__(self, port: ReplPort) -> None:
        # SerialTransport's own __init__ opens a port; what it sets besides is this.
        self.serial = port
        self.device_name = port.board
        self.in_raw_repl = True
        self.use_raw_paste = True
        self.mounted = False
        self.is_pty = False

    def read_until(self, _min_num_bytes: int, ending: bytes, **_timeouts: object) -> bytes:
        """Everything up to ``ending``, within the deadline of the operation; the timeouts given here are ignored."""
        return self.serial.read_until(ending)
