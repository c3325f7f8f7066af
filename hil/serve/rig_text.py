"""The rig file that makes served boards usable as a bench of real boards."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from hil.config.rig import RigConfig
from hil.probes.drivers import BoardProbeSection

HEADER = "# The boards that `hil serve` serves in "
"""The start of every file with a :func:`rig_text`; the folder's path follows."""


def rig_text(cells: Sequence[RigConfig], folder: Path, control: Path) -> str:
    """A rig file for the ``cells`` that are served in ``folder``: serial devices by path, power by the control socket.

    It contains the Wi-Fi keys, so only the user may read the file.
    """
    config = cells[0]
    lines = [
        f"{HEADER}{folder}. Overwritten at every start.",
        f"rig: {config.name}-served",
        f"power: {_value({'off_time_s': config.power.off_time_s, 'stagger_s': config.stagger_s})}",
        "hubs:",
    ]
    for name in config.hubs:
        command = [sys.executable, "-m", "hil.serve.client", str(control), name, "{port}"]
        lines.append(f"  {name}:")
        lines.append("    driver: command")
        lines += [f"    {action}: {_value([*command, action])}" for action in ("on", "off", "state")]
    if config.cell is None:
        lines += _cell_lines(config, folder)
    else:
        lines.append("cells:")
        for cell in cells:
            lines += [f"  {cell.cell}:", *(f"    {line}" for line in _cell_lines(cell, folder))]
    return "\n".join(lines) + "\n"


def _cell_lines(config: RigConfig, folder: Path) -> Iterator[str]:
    wifi: dict[str, object] = {"ssid": config.wifi.ssid, "password": config.wifi.password.get_secret_value()}
    if config.wifi.channel is not None:
        wifi["channel"] = config.wifi.channel
    yield f"wifi: {_value(wifi)}"
    yield "boards:"
    for board in config.wired_boards:
        section: dict[str, object] = {
            "serial": board.serial,
            "power": str(board.power),
            "link": str(folder / board.name),
        }
        if board.name in config.boards:
            section["role"] = config.boards[board.name].role
        yield f"  {board.name}: {_value(section)}"
    if isinstance(config.probe, BoardProbeSection):
        yield f"probe: {_value({'driver': 'board', 'board': config.probe.board})}"


def _value(value: object) -> str:
    # JSON is YAML. "${" would start a variable.
    return json.dumps(value).replace("${", "$${")
