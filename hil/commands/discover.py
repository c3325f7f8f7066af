"""``hil discover``: which hubs and Picos are plugged in, written down as a rig file."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hil.board.raw_repl import RawRepl
from hil.clock import MonotonicClock
from hil.config.discovered import Found, FoundBoard, board_names, find_boards, rig_file
from hil.config.rig import load_rig
from hil.errors import ConfigError, HilError
from hil.host.locks import BoardLocks
from hil.host.program import ProgramError, run_here
from hil.host.usb_devices import list_devices
from hil.links.device import open_device
from hil.on_board import call, source_of
from hil.power.uhubctl import hubs_in
from hil.power.usb_port import DEVICES, UsbPort

_UHUBCTL_WITHIN_S = 15.0
"""Seconds of real time; a device that hangs costs the kernel 5 per question."""
_BLINKS = "blinks"
"""What a board prints before it does."""
_BLINK_MS = 120

Ask = Callable[[str, str], str]
"""Puts a question to a person, with what is meant when nothing is answered."""


def discover(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write a rig file; without it, only look.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE.")] = False,
    identify: Annotated[
        bool, typer.Option("--identify", help="Blink each board's LED in turn, and ask for the board's name.")
    ] = False,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="The rig's name in the file.")] = "bench-1",
) -> None:
    """Find the hubs and Picos on the USB of this machine, boards in BOOTSEL mode too.

    Nothing is switched. With --identify the program of each board is stopped while its LED blinks, and started anew.
    Exit status 1: there is no board.
    """
    try:
        _check_output(output, force, identify)
        found = find_boards(list_devices())
        switching = _switching_hubs()
        _show(found, switching or frozenset())
        if not found.boards:
            text = "no Pico is plugged in; is its cable one for data, not only for charging? A new board shows up in"
            typer.echo(
                f"{text} BOOTSEL mode: hold its button while you plug it in. `lsusb -d 2e8a:` must list it", err=True
            )
            raise typer.Exit(code=1)
        names = identify_boards(found, _prompt) if identify else board_names(found)
        drivers = {location: _driver(location, switching) for location in found.locations}
        text = rig_file(name, found, names, drivers, switching or frozenset())
        if output is not None:
            write_rig(output, text, force=force)
            typer.echo(f"wrote {output}; next: export PICO_AP_PASSWORD=…; hil doctor --rig {output}")
    except HilError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(code=2) from error


def identify_boards(found: Found, ask: Ask) -> list[str]:
    """Ask for the name of each board while its LED blinks; those in BOOTSEL mode are told by their port.

    Raises ``BenchError`` when one is in use or does not answer, ``ConfigError`` when two get the same name.
    """
    names: list[str] = []
    for board, proposal in zip(found.boards, board_names(found), strict=True):
        where = f"port {board.port} of hub {board.location}"
        if not board.device.ttys:
            answer = ask(f"The board on {where} cannot blink. Its name", proposal)
        else:
            answer = _blink(board, partial(ask, f"Blinks on {where}. Its name", proposal))
        if answer in names:
            raise ConfigError(f"two boards are called {answer}; begin again, and give each a name of its own")
        names.append(answer)
    return names


def write_rig(path: Path, text: str, *, force: bool) -> None:
    """Write a rig file that reads back well. Raises ``ConfigError``, and leaves what was there, when it cannot."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(text, encoding="utf-8")
        load_rig(fresh, {"PICO_AP_PASSWORD": "not the real one", **os.environ})
        if force:
            fresh.replace(path)
        else:
            # Fails when it is there by now.
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
    """What is wrong with the options is said before somebody has answered questions."""
    if output is None and (identify or force):
        raise ConfigError("--identify and --force are for a file; name it with --output FILE")
    if output is not None and output.exists() and not force:
        raise _exists(output)


def _exists(path: Path) -> ConfigError:
    return ConfigError(f"{path}: exists and is left as it is; name another file, or overwrite it with --force")


def _blink(board: FoundBoard, ask: Callable[[], str]) -> str:
    device, clock = board.device, MonotonicClock()
    keys = [f"usb {device.port_path}", *([f"serial {board.serial}"] if board.serial else [])]
    locks = BoardLocks({device.port_path: keys})
    try:
        port = open_device(device.ttys[0])
        try:
            repl = RawRepl(device.port_path, port, clock)
            repl.enter(soft_reset=True)
            repl.start(source_of("blink") + call("blink", _BLINKS, _BLINK_MS), _BLINKS.encode())
            try:
                return ask()
            finally:
                repl.enter(soft_reset=False)
                repl.reset()
        finally:
            port.close()
    finally:
        locks.release()


def _prompt(question: str, proposal: str) -> str:
    return str(typer.prompt(question, default=proposal)).strip()


def _switching_hubs() -> frozenset[str] | None:
    """The hubs that tell uhubctl that they switch; None where it is not installed, or may not look."""
    try:
        return frozenset(hubs_in(run_here(["uhubctl", "--nodesc"], _UHUBCTL_WITHIN_S).output))
    except ProgramError:
        return None


def _driver(location: str, switching: frozenset[str] | None) -> str:
    """uhubctl where it is installed; else the kernel's own means, where it has them."""
    has_file = (Path(DEVICES) / UsbPort(location, 1).folder / "disable").exists()
    return "sysfs" if switching is None and has_file else "uhubctl"


def _show(found: Found, switching: frozenset[str]) -> None:
    table = Table("USB port", "what", "serial number", "serial device")
    for hub in found.hubs:
        can = "says that it switches its ports" if hub.port_path in switching else "is not known to switch its ports"
        table.add_row(hub.port_path, f"hub {hub.vendor_id:04x}:{hub.product_id:04x}, {can}", "", "")
    for board in found.boards:
        what = "Pico in BOOTSEL mode" if board.device.mode == "bootsel" else "Pico with MicroPython"
        table.add_row(board.device.port_path, what, board.serial or "", ", ".join(board.device.ttys))
    for device in found.strangers:
        what = f"{device.vendor_id:04x}:{device.product_id:04x}, no Pico with MicroPython"
        table.add_row(device.port_path, what, device.serial or "", ", ".join(device.ttys))
    Console().print(table)
