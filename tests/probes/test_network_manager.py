"""What NetworkManager is told, by way of an ``nmcli`` that writes it down.

Time is that of a virtual bench: how long this machine takes to start a program is no part of any deadline.
"""

import json
import stat
from pathlib import Path

import pytest

from hil.errors import ProbeError
from hil.probes.network_manager import NetworkManager
from hil.virtual.bench.clock import VirtualClock
from hil.virtual.world import World

KEY = "pico 1234:\\x"
NMCLI = """\
#!/usr/bin/env python3
import json, pathlib, sys
folder = pathlib.Path(__file__).parent
answers = json.loads((folder / "answers.json").read_text())
with open(folder / "told.jsonl", "a") as told:
    told.write(json.dumps([sys.argv[1:], sys.stdin.read()]) + "\\n")
for words, codes in answers:
    if words in " ".join(sys.argv[1:]):
        code, text = codes.pop(0) if len(codes) > 1 else codes[0]
        (folder / "answers.json").write_text(json.dumps(answers))
        sys.stderr.write(text)
        sys.exit(code)
"""


class Nmcli:
    """The stand-in: answers as it is set up, and remembers every call."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.answer()
        command = folder / "nmcli"
        command.write_text(NMCLI)
        command.chmod(command.stat().st_mode | stat.S_IXUSR)

    def answer(self, **codes: list[tuple[int, str]]) -> None:
        """Exit codes and texts, one after the other, for the calls with these words (``_`` for blanks)."""
        answers = [(words.replace("_", " "), answers) for words, answers in codes.items()]
        (self._folder / "answers.json").write_text(json.dumps(answers))

    @property
    def calls(self) -> list[list[str]]:
        return [arguments for arguments, _ in self._told()]

    @property
    def inputs(self) -> list[str]:
        return [text for _, text in self._told() if text]

    def _told(self) -> list[tuple[list[str], str]]:
        return [json.loads(line) for line in (self._folder / "told.jsonl").read_text().splitlines()]


@pytest.fixture
def nmcli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nmcli:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return Nmcli(tmp_path)


def join(within_s: float = 5.0, ssid: str = "PicoAP") -> None:
    clock = VirtualClock(World(1))
    NetworkManager("wlan1", clock).join(ssid, KEY, clock.deadline(within_s))


def test_joining(nmcli: Nmcli) -> None:
    join()
    first, add, rescan, up = nmcli.calls
    assert first == ["connection", "delete", "id", "pico-hil-wlan1"]
    assert add[:12] == [
        *("connection", "add", "save", "no", "type", "wifi", "con-name", "pico-hil-wlan1"),
        *("ifname", "wlan1", "ssid", "PicoAP"),
    ]
    options = dict(zip(add[12::2], add[13::2], strict=True))
    assert options["autoconnect"] == "no"
    assert options["ipv4.never-default"] == "yes"
    assert (options["connection.mdns"], options["connection.llmnr"]) == ("no", "no")
    assert options["wifi-sec.psk-flags"] == "2"
    assert rescan == ["device", "wifi", "rescan", "ifname", "wlan1", "ssid", "PicoAP"]
    assert up[0] == "--wait"
    assert 1 <= int(up[1]) <= 5
    assert up[2:] == ["connection", "up", "id", "pico-hil-wlan1", "passwd-file", "/dev/stdin"]


def test_the_key_is_given_on_standard_input_and_nowhere_else(nmcli: Nmcli) -> None:
    join()
    assert nmcli.inputs == [f"802-11-wireless-security.psk:{KEY}\n"]
    assert not any(KEY in argument for call in nmcli.calls for argument in call)


def test_an_access_point_that_comes_late_is_tried_again(nmcli: Nmcli) -> None:
    nmcli.answer(connection_up=[(4, "Error: The Wi-Fi network could not be found\n"), (0, "")])
    join()
    assert [call[-2:] for call in nmcli.calls].count(["passwd-file", "/dev/stdin"]) == 2


def test_an_access_point_that_never_comes(nmcli: Nmcli) -> None:
    nmcli.answer(connection_up=[(4, "Error: The Wi-Fi network could not be found\n")])
    with pytest.raises(ProbeError) as caught:
        join(within_s=1.5)
    assert str(caught.value) == (
        "wlan1, the probe, could not join Wi-Fi 'PicoAP' within 1.5 s: The Wi-Fi network could not be found"
    )


def test_a_wrong_key_is_tried_once_and_never_shown(nmcli: Nmcli) -> None:
    nmcli.answer(connection_up=[(4, "Error: Connection activation failed: Secrets were required, but not provided\n")])
    with pytest.raises(ProbeError, match="compare the rig's wifi password with the firmware's") as caught:
        join()
    assert KEY not in str(caught.value)
    assert len(nmcli.inputs) == 1


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"connection_add": [(2, "Error: unknown device 'wlan1'.\n")]}, "got no connection profile: unknown device"),
        ({"connection_delete": [(8, "")]}, "NetworkManager is not running; start it"),
        ({"connection_delete": [(1, "Error: busy")]}, "could not leave its Wi-Fi: busy"),
    ],
)
def test_what_fails_says_why(nmcli: Nmcli, answers: dict[str, list[tuple[int, str]]], reason: str) -> None:
    nmcli.answer(**answers)
    with pytest.raises(ProbeError, match=reason):
        join()


def test_that_a_scan_is_refused_is_no_harm(nmcli: Nmcli) -> None:
    nmcli.answer(rescan=[(1, "Error: Scanning not allowed immediately following previous scan.\n")])
    join()


def test_leaving(nmcli: Nmcli) -> None:
    for code in (0, 10):  # gone, or never there
        nmcli.answer(connection_delete=[(code, "")])
        NetworkManager("wlan1", VirtualClock(World(1))).leave()
    assert nmcli.calls == [["connection", "delete", "id", "pico-hil-wlan1"]] * 2


def test_without_nmcli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProbeError, match=r"apt install network-manager"):
        join()
