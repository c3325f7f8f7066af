"""The commands of ``hil``: the built-in ones, and those of installed packages. Each is imported when it is called."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from hil.config.registry import CALLABLE, BrokenEntryPoint, Registry, UnknownName

Command = Callable[..., object]
"""A function that Typer can make a command of, or a Typer app, which is callable too."""


@dataclass(frozen=True)
class _BuiltIn:
    path: str
    summary: str
    """The first paragraph of its help, for the list of commands: the module is not imported for that."""


_BUILT_IN = {
    "discover": _BuiltIn(
        "hil.commands.discover.discover",
        "Find the hubs and boards on the USB of this machine, boards in BOOTSEL mode too.",
    ),
    "doctor": _BuiltIn(
        "hil.commands.doctor.doctor",
        "Qualify a rig, or some of its boards: rights, USB, power switching, MicroPython, flash, radio, kernel "
        "messages.",
    ),
    "console": _BuiltIn(
        "hil.commands.console.console",
        "Open a board's console: keys go to the board, Ctrl-C too; Ctrl-] ends it. Of several boards, show the output.",
    ),
    "logs": _BuiltIn(
        "hil.commands.console.logs",
        "Show the output of boards, of all boards if none is named, without keyboard input. Ctrl-C ends it.",
    ),
    "flash": _BuiltIn(
        "hil.commands.flash.flash",
        "Put MicroPython, an app's files, or both onto boards, and check what they run then.",
    ),
    "power": _BuiltIn(
        "hil.commands.power.power", "Switch the power of boards, and print what their ports report afterwards."
    ),
    "serve": _BuiltIn(
        "hil.commands.serve.serve",
        "Serve the boards of a rig as virtual boards in real time. Each is a serial device that any program can open.",
    ),
    "trend": _BuiltIn(
        "hil.commands.trend.app",
        "Show n, median, p95 and worst of each measurement, and the last run compared with the earlier ones.",
    ),
    "rig": _BuiltIn("hil.commands.rig.app", "Rig files."),
}

COMMANDS = Registry[Command](
    kind="command",
    group="pico_hil.commands",
    built_in={name: command.path for name, command in _BUILT_IN.items()},
    requirement=CALLABLE,
)
"""In the order in which ``hil --help`` lists them."""

_COMPLETION_OPTIONS = ("install_completion", "show_completion")
"""Parameters that Typer gives every app. They belong to ``hil`` itself."""


def load_command(name: str) -> TyperCommand | TyperGroup:
    """The command ``name``, imported. Raises ``UnknownName`` or ``BrokenEntryPoint``."""
    found = COMMANDS.load(name)
    if not isinstance(found, typer.Typer):
        app = typer.Typer()
        app.command(name)(found)
        found = app
    command: Any = typer.main.get_command(found)
    command.params = [each for each in command.params if each.name not in _COMPLETION_OPTIONS]
    return command  # type: ignore[no-any-return]  # click's classes, which some versions of Typer contain


class CommandTable(TyperGroup):
    """The group of all commands: ``typer.Typer(cls=CommandTable)``."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # click's
        return list(COMMANDS.in_table_order)

    def get_command(self, ctx: Any, cmd_name: str) -> "_LazyCommand | None":  # noqa: ARG002  # click's
        if cmd_name in _BUILT_IN:
            return _LazyCommand(cmd_name, help=_BUILT_IN[cmd_name].summary)
        package = COMMANDS.package(cmd_name)
        return None if package is None else _LazyCommand(cmd_name, help=f"Added by {package}.")

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name = args[0]
        if not ctx.resilient_parsing and not name.startswith("-") and self.get_command(ctx, name) is None:
            ctx.fail(str(UnknownName(COMMANDS.kind, name, COMMANDS.names)))
        return super().resolve_command(ctx, args)


class _LazyCommand(TyperCommand):
    """Stands for a command in the list of commands, and becomes the command itself when it is called."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        try:
            command = load_command(str(self.name))
        except BrokenEntryPoint as error:
            # A shell has no place for an error while it completes a word.
            if not extra.get("resilient_parsing"):
                typer.echo(str(error), err=True)
            raise typer.Exit(code=2) from error
        return command.make_context(info_name, args, parent=parent, **extra)
