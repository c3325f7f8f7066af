"""``hil console`` and ``hil logs``: the output of boards, with and without keyboard input."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Annotated, TextIO

import typer

from hil.bench.bench import Bench
from hil.board.factory import BoardFactory
from hil.board.flashing import BOOT_WITHIN_S
from hil.clock import MonotonicClock
from hil.commands.keyboard import QUIT, Keyboard, standard_input
from hil.commands.rig_option import DEFAULT_RIG, BoardNames, RigOption, read_rig, with_boards
from hil.commands.terminal import RealTimePacer, Screen, await_connection
from hil.config.rig import RigConfig
from hil.errors import ConfigError, HilError, LinkError
from hil.events import Timeline
from hil.rig import open_bench

_COLOURS = ("cyan", "green", "yellow", "magenta", "blue", "bright_red", "bright_cyan", "bright_green")
_SLICE_S = 0.02
"""Real time between two polls of keyboard and boards."""
_QUIET_S = 1.0
"""After piped input has ended, this long without output means that the board has answered."""

WithTime = Annotated[bool, typer.Option("--time/--no-time", help="Seconds since the start, before each line.")]
ForSeconds = Annotated[
    float | None, typer.Option("--for", metavar="SECONDS", min=0, help="End after this much rig time.")
]


def console(
    boards: BoardNames = None,
    rig: RigOption = DEFAULT_RIG,
    with_time: WithTime = True,
    seconds: ForSeconds = None,
) -> None:
    """Open a board's console: keys go to the board, Ctrl-C too; Ctrl-] ends it. Of several boards, show the output.

    A board that is off is switched on first. Piped input is sent as if typed, and the command ends after the answer.
    """
    try:
        config = with_boards(read_rig(rig), boards or [])
        if not boards and len(config.boards) > 1:
            raise ConfigError(f"name the boards to talk to; boards of rig {config.name}: {', '.join(config.boards)}")
        keyboard = standard_input()
        with closing(open_bench(config)) as bench, keyboard.raw():
            if keyboard.is_terminal:
                typer.echo("Ctrl-] ends this.", err=True)
            _follow(config, bench, sys.stdout, with_time, seconds, keyboard)
    except KeyboardInterrupt:
        return
    except HilError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(code=2) from error


def logs(
    boards: BoardNames = None,
    rig: RigOption = DEFAULT_RIG,
    with_time: WithTime = True,
    seconds: ForSeconds = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Append to this file instead of printing.")
    ] = None,
) -> None:
    """Show the output of boards, of all boards if none is named, without keyboard input. Ctrl-C ends it.

    A board that is off is switched on first.
    """
    try:
        config = with_boards(read_rig(rig), boards or [])
        with ExitStack() as stack:
            out = stack.enter_context(_open(output)) if output is not None else sys.stdout
            bench = stack.enter_context(closing(open_bench(config)))
            _follow(config, bench, out, with_time, seconds, None)
    except KeyboardInterrupt:
        return
    except HilError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(code=2) from error


def _open(path: Path) -> TextIO:
    try:
        return path.open("a", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--output {path}: {error.strerror}; name a file that can be written") from error


def _follow(
    config: RigConfig, bench: Bench, out: TextIO, with_time: bool, seconds: float | None, keyboard: Keyboard | None
) -> None:
    """Show the boards until the time is up, the user quits, or the piped input has been answered."""
    names, clock = list(config.boards), bench.clock
    colours = {name: _COLOURS[number % len(_COLOURS)] for number, name in enumerate(names)}

    def paint(text: str, board: str) -> str:
        return typer.style(text, fg=colours[board]) if out.isatty() else text

    screen = Screen(names, clock, out, with_time=with_time, paint=paint)
    with ExitStack() as stack:
        for name in names:
            stack.callback(bench.link(name).stop)
        _open_all(config, bench, screen, is_needed=keyboard is not None)
        if keyboard is None and seconds is not None:
            clock.sleep(seconds)
        else:
            _run_session(bench, names, screen, seconds, keyboard)
    for view in screen.views.values():
        view.flush(clock.now())


def _open_all(config: RigConfig, bench: Bench, screen: Screen, *, is_needed: bool) -> None:
    """Show each board, then switch it on if it is off. ``is_needed``: wait until its serial device is open."""
    factory = BoardFactory(config, bench, Timeline())
    for name in config.boards:
        power = factory.board(name).power
        bench.link(name).start(screen.views[name])
        if not power.is_on:
            screen.note(name, bench.clock.now(), "was off; switched on")
            power.on(listen=False)
    if is_needed:
        for name in config.boards:
            await_connection(name, bench.link(name), bench.clock, BOOT_WITHIN_S)


def _run_session(
    bench: Bench, names: Sequence[str], screen: Screen, seconds: float | None, keyboard: Keyboard | None
) -> None:
    wall, clock = MonotonicClock(), bench.clock
    pacer = RealTimePacer(clock, wall)
    end_s = None if seconds is None else clock.now() + seconds
    link = bench.link(names[0]) if len(names) == 1 else None
    while end_s is None or clock.now() < end_s:
        pacer.catch_up()
        if keyboard is None:
            wall.sleep(_SLICE_S)
            continue
        typed = keyboard.read(_SLICE_S)
        if keyboard.is_terminal and QUIT in typed:
            return
        if keyboard.is_at_end:
            if seconds is None and clock.now() - screen.last_output_s > _QUIET_S:
                return
            wall.sleep(_SLICE_S)
        elif typed and link is not None:
            try:
                link.write(typed)
            except LinkError as error:
                # A board that resets is back in a moment, so the session goes on.
                screen.note(names[0], clock.now(), f"not sent: {error}")
            # The board gets its time to answer.
            screen.last_output_s = clock.now()
        elif typed and b"\x03" in typed:
            # With several boards keys go to none of them, so Ctrl-C is for this program.
            return
