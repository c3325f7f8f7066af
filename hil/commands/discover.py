"""``hil discover``: which hubs and boards are plugged in, and a rig file for them."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hil.board.machine_name import machine_of
from hil.board.raw_repl import RawRepl
from hil.clock import MonotonicClock
from hil.config.board_type import BoardType, known_board_types
from hil.config.discovered import Found, FoundBoard, board_names, find_boards, rig_file
from hil.config.rig import load_rig
from hil.errors import ConfigError, HilError, LinkError
from hil.host.locks import BoardLocks
from hil.host.program import ProgramError, run_here
from hil.host.usb_devices import UsbMonitor, list_devices
from hil.links.device import open_device
from hil.on_board import call, source_of
from hil.power.uhubctl import hubs_in
from hil.power.usb_port import DEVICES, UsbPort

_UHUBCTL_WITHIN_S = 15.0
"""Seconds of real time; a device that hangs costs the kernel 5 per request."""
_MACHINE_WITHIN_S = 5.0
"""Seconds for a board to report its machine."""
_GONE_WITHIN_S = 2.0
"""Seconds in which a board that was reset leaves USB. One that was reset earlier may be back already."""
_BACK_WITHIN_S = 15.0
"""Seconds in which it is back: 1 to 5 on real hubs, some boards need more."""
_BLINKS = "blinks"
"""What the program prints once it blinks."""
_BLINK_MS = 120

Ask = Callable[[str, str], str]
"""Asks a person, with the answer that is taken when they just press Enter."""


def discover(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write a rig file; without it, only list.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE.")] = False,
    identify: Annotated[
        bool, typer.Option("--identify", help="Blink each board's LED in turn, and ask for the board's name.")
    ] = False,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="The rig's name in the file.")] = "bench-1",
) -> None:
    """Find the hubs and boards on the USB of this machine, boards in BOOTSEL mode too.

    Nothing is switched. For a file, each board that runs MicroPython is asked for its type: its program is stopped, and
    started again. With --identify its LED blinks meanwhile. Exit status 1: there is no board.
    """
    try:
        _check_output(output, force, identify)
        types = known_board_types(on_broken=lambda error: typer.echo(str(error), err=True))
        found = find_boards(list_devices(), types)
        switching = _switching_hubs()
        _show(found, switching or frozenset())
        if not found.boards:
            typer.echo(_no_board(types), err=True)
            raise typer.Exit(code=1)
        names = board_names(found)
        asked = [board for board in found.boards if board.device.ttys and (identify or board.board_type is None)]
        if identify:
            found, names = identify_boards(found, _prompt)
        elif output is not None:
            found = ask_types(found, partial(typer.echo, err=True))
        drivers = {location: _driver(location, switching) for location in found.locations}
        text = rig_file(name, found, names, drivers, switching or frozenset())
        if output is not None:
            write_rig(output, text, force=force)
            typer.echo(f"wrote {output}; next: export PICO_AP_PASSWORD=…; hil doctor --rig {output}")
            await_restart(asked)
    except HilError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(code=2) from error


def ask_types(found: Found, warn: Callable[[str], None]) -> Found:
    """``found``, with the types that boards report. Asking one stops its program, and starts it again.

    ``warn`` is called with the reason if a board does not report its type.
    """
    boards = []
    for board in found.boards:
        if board.board_type is None and board.device.ttys:
            try:
                with _repl(board) as repl:
                    board = board.reporting(machine_of(repl, _MACHINE_WITHIN_S))  # noqa: PLW2901
            except HilError as error:
                warn(f"the board on port {board.port} of hub {board.location} did not report its type: {error}")
        boards.append(board)
    return replace(found, boards=tuple(boards))


def await_restart(asked: Sequence[FoundBoard]) -> None:
    """Wait until boards that were asked, and reset afterwards, are back: the next command finds them then.

    Raises ``LinkError`` with the USB ports of those that have no serial device.
    """
    if not asked:
        return
    clock, ports = MonotonicClock(), {board.device.port_path for board in asked}
    monitor = UsbMonitor(clock)

    def missing() -> set[str]:
        return ports - {device.port_path for device in monitor.devices if device.ttys}

    try:
        clock.wait(lambda: bool(missing()), _GONE_WITHIN_S)
        if not clock.wait(lambda: not missing(), _BACK_WITHIN_S):
            raise LinkError(f"no serial device on USB port {', '.join(sorted(missing()))} any more; cycle its power")
    finally:
        monitor.close()


def identify_boards(found: Found, ask: Ask) -> tuple[Found, list[str]]:
    """Ask for the name of each board while its LED blinks, and the board for its type.

    A board in BOOTSEL mode cannot blink and is identified by its port. Raises ``BenchError`` when a board is in use or
    does not answer, ``ConfigError`` when two get the same name.
    """
    names: list[str] = []
    boards = []
    for board, proposal in zip(found.boards, board_names(found), strict=True):
        where = f"port {board.port} of hub {board.location}"
        if not board.device.ttys:
            answer = ask(f"The board on {where} cannot blink. Its name", proposal)
        else:
            board, answer = _blink(board, partial(ask, f"Blinks on {where}. Its name", proposal))  # noqa: PLW2901
        if answer in names:
            raise ConfigError(f"two boards are called {answer}; begin again, and give each a name of its own")
        names.append(answer)
        boards.append(board)
    return replace(found, boards=tuple(boards)), names


def write_rig(path: Path, text: str, *, force: bool) -> None:
    """Write a rig file that loads without errors. Raises ``ConfigError``, and keeps the old file, when it cannot."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(text, encoding="utf-8")
        load_rig(fresh, {"PICO_AP_PASSWORD": "a placeholder", **os.environ})
        if force:
            fresh.replace(path)
        else:
            # Fails when the file exists by now.
            path.hardlink_to(fresh)
    except FileExistsError:
        raise _exists(path) from None
    except ConfigError as error:
        raise ConfigError(str(error).replace(str(fresh), f"not written: {path}")) from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror}); name another file with --output") from error
    finally:
        fresh.unlink(missing_ok=True)


def _check_output(output: Path | None, force: bool, identify: bool) -> None:
    """Report wrong options before a person has answered questions."""
    if output is None and (identify or force):
        raise ConfigError("--identify and --force are for a file; name it with --output FILE")
    if output is not None and output.exists() and not force:
        raise _exists(output)


def _exists(path: Path) -> ConfigError:
    return ConfigError(f"{path}: exists and is left as it is; name another file, or overwrite it with --force")


def _no_board(types: tuple[BoardType, ...]) -> str:
    vendors = dict.fromkeys(f"`lsusb -d {known.bootsel_usb.vendor:04x}:`" for known in types)
    return (
        "no board is plugged in; is its cable one for data, and not only for charging? A new board appears in BOOTSEL "
        f"mode: hold its button while you plug it in. {' or '.join(vendors)} must list it"
    )


def _blink(board: FoundBoard, ask: Callable[[], str]) -> tuple[FoundBoard, str]:
    with _repl(board) as repl:
        board = board.reporting(machine_of(repl, _MACHINE_WITHIN_S))
        program = source_of("blink") + call("blink", _BLINKS, _BLINK_MS, board.types[0].led_pin)
        repl.start(program, _BLINKS.encode())
        try:
            return board, ask()
        finally:
            repl.enter(soft_reset=False)


@contextmanager
def _repl(board: FoundBoard) -> Iterator[RawRepl]:
    """The raw REPL of a board that no other run uses. The board is reset afterwards."""
    device, clock = board.device, MonotonicClock()
    keys = [f"usb {device.port_path}", *([f"serial {board.serial}"] if board.serial else [])]
    locks = BoardLocks({device.port_path: keys})
    try:
        port = open_device(device.ttys[0])
        try:
            repl = RawRepl(device.port_path, port, clock)
            repl.enter(soft_reset=True)
            try:
                yield repl
            finally:
                repl.reset()
        finally:
            port.close()
    finally:
        locks.release()


def _prompt(question: str, proposal: str) -> str:
    return str(typer.prompt(question, default=proposal)).strip()


def _switching_hubs() -> frozenset[str] | None:
    """The hubs that switch, as uhubctl lists them; None where it is not installed, or has no rights."""
    try:
        return frozenset(hubs_in(run_here(["uhubctl", "--nodesc"], _UHUBCTL_WITHIN_S).output))
    except ProgramError:
        return None


def _driver(location: str, switching: frozenset[str] | None) -> str:
    """uhubctl where it is installed; else sysfs, where the kernel has the files for it."""
    has_file = (Path(DEVICES) / UsbPort(location, 1).folder / "disable").exists()
    return "sysfs" if switching is None and has_file else "uhubctl"


def _show(found: Found, switching: frozenset[str]) -> None:
    table = Table("USB port", "what", "serial number", "serial device")
    for hub in found.hubs:
        can = "reports that it switches its ports" if hub.port_path in switching else "is not known to switch its ports"
        table.add_row(hub.port_path, f"hub {hub.vendor_id:04x}:{hub.product_id:04x}, {can}", "", "")
    for board in found.boards:
        titles = " or ".join(board_type.title for board_type in board.types)
        what = f"{titles} in BOOTSEL mode" if board.is_in_bootsel_mode else f"{titles} with MicroPython"
        table.add_row(board.device.port_path, what, board.serial or "", ", ".join(board.device.ttys))
    for device in found.other_devices:
        what = f"{device.vendor_id:04x}:{device.product_id:04x}, not a board with MicroPython"
        table.add_row(device.port_path, what, device.serial or "", ", ".join(device.ttys))
    Console().print(table)
