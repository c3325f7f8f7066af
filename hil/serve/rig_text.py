"""The rig file with which served boards are used as a bench of real ones."""

import json
import sys
from pathlib import Path

from hil.config import BoardProbeConfig, RigConfig


def rig_text(config: RigConfig, folder: Path, control: Path) -> str:
    """A rig file for the boards that are served in ``folder``: serial lines by path, power by the control socket.

    The Wi-Fi key stands in it, as the boards have to know it: the file is for the user alone.
    """
    wifi: dict[str, object] = {"ssid": config.wifi.ssid, "password": config.wifi.password.get_secret_value()}
    if config.wifi.channel is not None:
        wifi["channel"] = config.wifi.channel
    lines = [
        f"# The boards that `hil serve` serves in {folder}. Written anew at every start.",
        f"rig: {config.name}-served",
        f"wifi: {_value(wifi)}",
        f"power: {_value({'off_time_s': config.power.off_time_s, 'stagger_s': config.stagger_s})}",
        "hubs:",
    ]
    for name in config.hubs:
        command = [sys.executable, "-m", "hil.serve.client", str(control), name, "{port}"]
        lines.append(f"  {name}:")
        lines.append("    driver: command")
        lines += [f"    {action}: {_value([*command, action])}" for action in ("on", "off", "state")]
    lines.append("boards:")
    for board in config.wired_boards:
        section: dict[str, object] = {
            "serial": board.serial,
            "power": str(board.power),
            "link": str(folder / board.name),
        }
        if board.name in config.boards:
            section["role"] = config.boards[board.name].role
        lines.append(f"  {board.name}: {_value(section)}")
    if isinstance(config.probe, BoardProbeConfig):
        lines.append(f"probe: {_value({'driver': 'board', 'board': config.probe.board})}")
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    # JSON is YAML. "${" would be taken for a variable.
    return json.dumps(value).replace("${", "$${")
