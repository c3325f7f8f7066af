"""Rig files: the meaning of valid ones, and errors with cause, line and remedy for broken ones."""

from pathlib import Path
from textwrap import dedent

import pytest

from hil.config.rig import RigConfig, find_rig, load_cells, load_rig
from hil.errors import ConfigError

GOOD = """\
rig: bench-1
wifi: {ssid: PicoAP, password: "${PICO_AP_PASSWORD}"}
hubs:
  main: {driver: virtual, ports: 5}
boards:
  A: {power: main/1, serial: E6614C311B8C2B2A}
  B: {power: main/2}
  C: {power: main/3, serial: 661e431188212345}
"""
ENVIRON = {"PICO_AP_PASSWORD": "top-secret"}


def load(folder: Path, text: str) -> RigConfig:
    path = folder / "rig.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    return load_rig(path, ENVIRON)


def problems(folder: Path, text: str) -> list[str]:
    """The lines of the error, without the folder in front."""
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    message = str(caught.value)
    assert "top-secret" not in message
    return message.replace(f"{folder}/", "").splitlines()


def test_roles_follow_the_order_of_the_file(tmp_path: Path) -> None:
    rig = load(tmp_path, GOOD)
    assert rig.name == "bench-1"
    assert list(rig.boards) == ["A", "B", "C"]
    assert rig.ap_board.name == "A"
    assert [board.name for board in rig.client_boards] == ["B", "C"]


def test_the_board_that_is_the_probe_has_no_role(tmp_path: Path) -> None:
    rig = load(tmp_path, GOOD + "probe: {driver: board, board: B}\n")
    assert list(rig.boards) == ["A", "C"]
    (probe,) = rig.probe_boards
    assert (probe.name, str(probe.power)) == ("B", "main/2")
    assert [board.name for board in rig.wired_boards] == ["A", "C", "B"]
    rig = load(tmp_path, GOOD.replace("main/2}", "main/2, role: ap}") + "probe: {driver: board, board: A}\n")
    assert (rig.ap_board.name, list(rig.boards)) == ("B", ["B", "C"])


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("ap", "rig.yaml:9: board B is the AP and cannot be the probe as well; name another board here"),
        (
            "client",
            (
                "rig.yaml:7: board B is the probe, so it cannot be a client; remove `role: client`, "
                "or name another board as the probe"
            ),
        ),
    ],
)
def test_a_board_with_a_role_cannot_be_the_probe(tmp_path: Path, role: str, expected: str) -> None:
    text = GOOD.replace("main/2}", f"main/2, role: {role}}}") + "probe: {driver: board, board: B}\n"
    assert problems(tmp_path, text) == [expected]


def test_a_rig_of_nothing_but_a_probe(tmp_path: Path) -> None:
    text = GOOD[: GOOD.index("  B:")] + "probe: {driver: board, board: A}\n"
    assert problems(tmp_path, text)[0] == "rig.yaml:5: no board can be the AP; give one board `role: ap`"


def test_explicit_roles_have_priority(tmp_path: Path) -> None:
    rig = load(tmp_path, GOOD.replace("power: main/3", "role: ap, power: main/3"))
    assert rig.ap_board.name == "C"
    rig = load(tmp_path, GOOD.replace("power: main/1", "role: client, power: main/1"))
    assert rig.ap_board.name == "B"


def test_defaults(tmp_path: Path) -> None:
    rig = load(tmp_path, GOOD)
    assert rig.virtual.seed == 1
    assert rig.power.off_time_s == 2.0
    assert rig.probe is None
    assert rig.wifi.channel is None
    assert rig.with_seed(7).virtual.seed == 7


def test_serials_are_kept_as_text_and_derived_where_none_is_given(tmp_path: Path) -> None:
    serials = [board.serial for board in load(tmp_path, GOOD).boards.values()]
    assert serials[0] == "e6614c311b8c2b2a"
    assert serials[2] == "661e431188212345"  # which YAML would take for a floating point number
    assert len(serials[1]) == 16
    assert serials == [board.serial for board in load(tmp_path, GOOD).boards.values()]


def test_a_variable_is_expanded_anywhere_and_the_password_is_never_shown(tmp_path: Path) -> None:
    rig = load(tmp_path, GOOD.replace("ssid: PicoAP", 'ssid: "x${PICO_AP_PASSWORD}$${y"'))
    assert rig.wifi.ssid == "xtop-secret${y"
    assert rig.wifi.password.get_secret_value() == "top-secret"
    assert "top-secret" not in repr(load(tmp_path, GOOD))


def test_a_rig_does_not_change(tmp_path: Path) -> None:
    rig = load(tmp_path, GOOD)
    with pytest.raises(ValueError, match="frozen"):
        rig.name = "other"  # type: ignore[misc]


BROKEN = {
    "unknown key": (
        "driver: virtual, ports: 5",
        "driver: virtual, ports: 5, prots: 6",
        ["rig.yaml:4: unknown key 'prots' in hubs.main; did you mean 'ports'? known: driver, ports"],
    ),
    "unknown key at the top": (
        "rig: bench-1",
        "rig: bench-1\nwify: {}",
        [
            (
                "rig.yaml:2: unknown key 'wify'; did you mean 'wifi'? "
                "known: rig, virtual, power, recovery, hubs, wifi, boards, probe"
            )
        ],
    ),
    "unknown key of a board": (
        "B: {power: main/2}",
        "B: {power: main/2, Seriell: 1}",
        [
            (
                "rig.yaml:7: unknown key 'Seriell' in boards.B; did you mean 'serial'? "
                "known: type, power, serial, link, role"
            )
        ],
    ),
    "wrong type": (
        "ports: 5",
        "ports: five",
        ["rig.yaml:4: hubs.main.ports is 'five', must be a whole number; write a whole number here"],
    ),
    "wrong type of a section": (
        'wifi: {ssid: PicoAP, password: "${PICO_AP_PASSWORD}"}',
        "wifi: PicoAP",
        ["rig.yaml:2: wifi is a single value, must be a mapping (key: value); write a mapping (key: value) here"],
    ),
    "missing key": ("rig: bench-1\n", "", ["rig.yaml:1: 'rig' is missing in this file; add `rig: …`"]),
    "unknown driver": (
        "driver: virtual",
        "driver: virtaul",
        [
            (
                "rig.yaml:4: hubs.main: unknown driver 'virtaul'; did you mean 'virtual'? "
                "known: command, ssh, sysfs, uhubctl, virtual"
            )
        ],
    ),
    "two boards on one port": (
        "B: {power: main/2}",
        "B: {power: main/1}",
        ["rig.yaml:7: boards A and B are both on port main/1; give each board a port of its own"],
    ),
    "two boards with one serial": (
        "661e431188212345",
        "e6614c311b8c2b2a",
        ["rig.yaml:8: boards A and C have the same serial e6614c311b8c2b2a; correct one of them"],
    ),
    "unknown hub": (
        "B: {power: main/2}",
        "B: {power: mian/2}",
        ["rig.yaml:7: board B is on hub 'mian', which is not under `hubs:`; known: main"],
    ),
    "port outside hub": (
        "B: {power: main/2}",
        "B: {power: main/6}",
        [
            (
                "rig.yaml:7: board B is on port main/6, but hub main has ports 1 to 5; "
                "correct `power: main/6`, or `ports:` of the hub"
            )
        ],
    ),
    "no port at all": (
        "B: {power: main/2}",
        "B: {power: main}",
        ["rig.yaml:7: boards.B.power does not name a hub and a port; write for example `power: main/1`"],
    ),
    "bad serial": (
        "661e431188212345",
        "661e4311",
        [
            (
                "rig.yaml:8: boards.C.serial is not the serial number of a Pico W: 16 hex digits; "
                "`mpremote connect list` shows them"
            )
        ],
    ),
    "missing environment variable": (
        "${PICO_AP_PASSWORD}",
        "${PICO_PASSWORD}",
        ["rig.yaml:2: environment variable PICO_PASSWORD is not set; run `export PICO_PASSWORD=…` before pytest"],
    ),
    "broken variable": (
        "${PICO_AP_PASSWORD}",
        "${PICO-AP}",
        ["rig.yaml:2: `${` is not followed by `NAME}`; write ${NAME}, or $${ for these two characters themselves"],
    ),
    "short password": (
        "${PICO_AP_PASSWORD}",
        "hunter2",
        ["rig.yaml:2: wifi.password has 7 characters; WPA2 needs 8 to 63, so choose another one"],
    ),
    "long ssid": (
        "ssid: PicoAP",
        "ssid: " + "ö" * 17,
        ["rig.yaml:2: wifi.ssid is 34 bytes long; an SSID has 1 to 32 bytes, so choose another one"],
    ),
    "duplicate key": (
        "  C: {",
        "  A: {power: main/4}\n  C: {",
        ["rig.yaml:8: 'A' is there twice, first in line 6; remove or rename one of them"],
    ),
    "no YAML": (
        "hubs:",
        "hubs: [",
        [
            (
                "rig.yaml:5: not valid YAML: expected ',' or ']', but got '<scalar>'; "
                "check indentation, colons, quotes and brackets at this line and the one before"
            )
        ],
    ),
    "variable without quotes": (
        '"${PICO_AP_PASSWORD}"',
        "${PICO_AP_PASSWORD}",
        [
            (
                "rig.yaml:2: not valid YAML: expected ',' or '}', but got '{'; "
                'inside of {…} and […] a variable needs quotes: "${NAME}"'
            )
        ],
    ),
    "bad board name": (
        "  B: {",
        "  a/B: {",
        [
            (
                "rig.yaml:7: boards.a/B is not a usable name; use letters, digits, '_', '.' and '-', "
                "the first a letter or a digit"
            )
        ],
    ),
    "two APs": (
        GOOD[GOOD.index("  A:") :],
        "  A: {power: main/1, role: ap}\n  B: {power: main/2, role: ap}\n",
        ["rig.yaml:7: boards A and B both have `role: ap`; a rig has one AP, so make one a client"],
    ),
    "no AP": (
        GOOD[GOOD.index("  A:") :],
        "  A: {power: main/1, role: client}\n",
        ["rig.yaml:5: no board can be the AP; give one board `role: ap`"],
    ),
    "unknown role": (
        "B: {power: main/2}",
        "B: {power: main/2, role: cleint}",
        ["rig.yaml:7: boards.B.role is 'cleint'; did you mean 'client'? known: ap, client"],
    ),
    "probe with an unknown driver": (
        "boards:\n",
        "probe: {driver: wlan}\nboards:\n",
        ["rig.yaml:5: probe: unknown probe driver 'wlan'; known: board, host, virtual"],
    ),
    "probe without kind": (
        "boards:\n",
        "probe: {board: C}\nboards:\n",
        ["rig.yaml:5: 'driver' is missing in probe; add `driver: …`"],
    ),
    "key of another probe driver": (
        "boards:\n",
        "probe: {driver: board, board: C, interface: wlan1}\nboards:\n",
        ["rig.yaml:5: unknown key 'interface' in probe; known: driver, board"],
    ),
    "bad interface": (
        "boards:\n",
        "probe: {driver: host, interface: 'wlan 1'}\nboards:\n",
        ["rig.yaml:5: probe.interface is not the name of a network interface; `ip link` shows those of this machine"],
    ),
    "host probe on a virtual rig": (
        "boards:\n",
        "probe: {driver: host, interface: wlan1}\nboards:\n",
        [
            "rig.yaml:5: probe.driver is 'host', but no Wi-Fi card hears virtual boards; make it `virtual` or `board`",
        ],
    ),
    "probe is not a board": (
        "boards:\n",
        "probe: {driver: board, board: P}\nboards:\n",
        ["rig.yaml:5: the probe is board 'P', which is not under `boards:`; known: A, B, C"],
    ),
    "probe is the AP by default": (
        "boards:\n",
        "probe: {driver: board, board: A}\nboards:\n",
        [
            (
                "rig.yaml:5: board A is the AP and cannot be the probe as well; name another board here, "
                "or give another one `role: ap`"
            )
        ],
    ),
    "out of range": (
        "ports: 5",
        "ports: 0",
        ["rig.yaml:4: hubs.main.ports is '0' but should be greater than or equal to 1; correct the value"],
    ),
}


@pytest.mark.parametrize(("good", "bad", "expected"), BROKEN.values(), ids=BROKEN)
def test_the_errors_of_a_broken_file_name_the_cause_and_the_remedy(
    tmp_path: Path, good: str, bad: str, expected: list[str]
) -> None:
    assert GOOD.count(good) == 1
    assert problems(tmp_path, GOOD.replace(good, bad)) == expected


def test_all_problems_are_listed_at_once_in_order(tmp_path: Path) -> None:
    text = """\
        rig: bench-1
        wifi: {ssid: PicoAP, password: "${NOPE}", channel: 99, canal: 3}
        hubs:
          main: {driver: virtual, ports: x}
        boards:
          A: {power: main/1}
          A: {power: main/2}
    """
    found = problems(tmp_path, text)
    assert [line.split(": ")[0] for line in found] == ["rig.yaml:2"] * 3 + ["rig.yaml:4", "rig.yaml:7"]


def test_every_kind_of_bad_password_stays_hidden(tmp_path: Path) -> None:
    for written in (
        "[top-secret]",
        "{top: secret}",
        "!top-secret x",
        "*top-secret",
        "'top-secret",
        "${PICO_AP_PASSWORD}ö",
        "!!int top-secret",
    ):
        found = problems(tmp_path, GOOD.replace('"${PICO_AP_PASSWORD}"', written))
        assert found[0].startswith("rig.yaml:")
        assert "secret" not in "".join(found)


def test_an_expanded_value_is_shown_as_it_is_written(tmp_path: Path) -> None:
    found = problems(tmp_path, GOOD.replace("ports: 5", 'ports: "${PICO_AP_PASSWORD}"'))
    assert found == [
        "rig.yaml:4: hubs.main.ports is '${PICO_AP_PASSWORD}', must be a whole number; write a whole number here"
    ]


def test_an_empty_file(tmp_path: Path) -> None:
    assert problems(tmp_path, "") == [
        "rig.yaml:1: the file is empty, must be a mapping (key: value); write a mapping (key: value) here"
    ]


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "rig.yaml"
    path.write_bytes(b"rig: x\nwifi: \xff\n")
    with pytest.raises(ConfigError, match=r"rig\.yaml:2: is not UTF-8; save the file as UTF-8"):
        load_rig(path, {})
    with pytest.raises(ConfigError, match=r"cannot be read \(No such file or directory\); check path and rights"):
        load_rig(tmp_path / "other.yaml", {})


def test_a_rig_is_found_by_path_or_by_name(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text(GOOD)
    assert find_rig(str(path), tmp_path) == path
    assert find_rig("one", tmp_path) == path


def test_the_error_of_an_unknown_rig_lists_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(GOOD)
    (tmp_path / "two.yaml").write_text(GOOD)
    with pytest.raises(ConfigError) as caught:
        find_rig("tow", tmp_path)
    assert str(caught.value) == (f"tow: no such rig; give the path of a rig file, or a name from {tmp_path}/: one, two")


def test_the_rig_that_comes_with_the_project() -> None:
    rig = load_rig(find_rig("virtual", Path(__file__).parents[2] / "rigs"), {})
    assert rig.ap_board.name == "A"
    assert [board.name for board in rig.client_boards] == ["B", "C", "D"]
    assert rig.probe is not None


# ---- benches of real boards

REAL = """\
rig: bench-1
wifi: {ssid: PicoAP, password: pico1234}
hubs:
  main: {driver: uhubctl, location: 1-1.4}
  root: {driver: uhubctl, location: "2"}
  plug: {driver: command, on: ["true"], off: ["true"], state: [echo, "on"]}
boards:
  A: {power: main/1, serial: E6614C311B8C2B2A}
  B: {power: main/2}
  C: {power: root/3, link: "rfc2217://lab2:4001?ign_set_control"}
  D: {power: plug/4, link: /dev/serial/by-id/usb-FTDI-if00}
  E: {power: plug/5, serial: 661e431188212345}
"""


def test_a_bench_of_real_boards_knows_where_each_is_found(tmp_path: Path) -> None:
    rig = load(tmp_path, REAL)
    assert not rig.is_virtual
    assert [(board.name, board.serial, board.usb_port, board.link) for board in rig.boards.values()] == [
        ("A", "e6614c311b8c2b2a", "1-1.4.1", None),
        ("B", "", "1-1.4.2", None),
        ("C", "", "2-3", "rfc2217://lab2:4001?ign_set_control"),
        ("D", "", None, "/dev/serial/by-id/usb-FTDI-if00"),
        ("E", "661e431188212345", None, None),
    ]


def test_power_ons_are_staggered_by_default_on_real_hubs_only(tmp_path: Path) -> None:
    assert load(tmp_path, REAL).stagger_s == 0.5
    assert load(tmp_path, REAL.replace("hubs:", "power: {stagger_s: 0}\nhubs:", 1)).stagger_s == 0
    virtual = load(tmp_path, GOOD)
    assert virtual.is_virtual
    assert virtual.stagger_s == 0
    assert load(tmp_path, GOOD.replace("hubs:", "power: {stagger_s: 1}\nhubs:", 1)).stagger_s == 1


def test_the_rig_file_that_a_newcomer_starts_from() -> None:
    rig = load_rig(Path("rigs/rig.yaml"), {"PICO_AP_PASSWORD": "top-secret"})
    assert [board.usb_port for board in rig.wired_boards] == ["1-1.4.1", "1-1.4.2", "1-1.4.3", "1-1.4.4"]
    assert [board.name for board in rig.probe_boards] == ["P"]


NO_LINK = (
    "is not a serial link; write a URL (rfc2217://, socket://), or the path of a device such as /dev/ttyACM0. "
    "Without `link:` the board is looked up on USB"
)
BROKEN_REAL = {
    "no port of the server": (
        "rfc2217://lab2:4001?ign_set_control",
        "rfc2217://lab2",
        "rig.yaml:10: boards.C.link is not a URL with host and port; write rfc2217://host:port",
    ),
    "an unknown scheme": (
        "rfc2217://lab2",
        "rfc2127://lab2",
        (
            "rig.yaml:10: boards.C.link has an unknown scheme 'rfc2127'; did you mean 'rfc2217'? known: rfc2217, "
            "socket. Correct it, or install the package that adds it"
        ),
    ),
    "a path with a space": (
        "/dev/serial/by-id",
        "/dev/serial by-id",
        ("rig.yaml:11: boards.D.link is not the path of a serial device; write an absolute path such as /dev/ttyACM0"),
    ),
    "the default link": (
        "/dev/serial/by-id/usb-FTDI-if00",
        '"usb://"',
        ("rig.yaml:11: boards.D.link is not needed for a board on the USB of this machine; remove `link:`"),
    ),
    "a relative path": ("/dev/serial/by-id", "ttyACM0", f"rig.yaml:11: boards.D.link {NO_LINK}"),
    "a link twice": (
        "/dev/serial/by-id/usb-FTDI-if00",
        '"rfc2217://lab2:4001?ign_set_control"',
        ("rig.yaml:11: boards C and D have the same link rfc2217://lab2:4001?ign_set_control; give each board its own"),
    ),
    "board that cannot be found": (
        ", serial: 661e431188212345",
        "",
        (
            "rig.yaml:12: board E cannot be found: hub plug is not on the USB of this machine; add `serial:` "
            "(`mpremote connect list` shows it), or `link:`"
        ),
    ),
    "port 0": (
        "root/3",
        "root/0",
        ("rig.yaml:10: board C is on port root/0, but the ports of a hub are counted from 1; correct `power: root/0`"),
    ),
    "virtual and real": (
        "  plug:",
        "  fake: {driver: virtual, ports: 3}\n  plug:",
        (
            "rig.yaml:6: hub fake is virtual and hub main is not, but a rig is either virtual or real; give the "
            "virtual boards a rig file of their own"
        ),
    ),
    "virtual probe": (
        "boards:",
        "probe: {driver: virtual}\nboards:",
        ("rig.yaml:7: probe.driver is 'virtual', but a virtual probe hears no real boards; make it `board` or `host`"),
    ),
}


@pytest.mark.parametrize(("good", "bad", "expected"), BROKEN_REAL.values(), ids=BROKEN_REAL)
def test_errors_of_a_bench_of_real_boards(tmp_path: Path, good: str, bad: str, expected: str) -> None:
    assert REAL.count(good) == 1
    assert problems(tmp_path, REAL.replace(good, bad)) == [expected]


def test_a_virtual_board_has_no_link(tmp_path: Path) -> None:
    text = GOOD.replace("B: {power: main/2}", "B: {power: main/2, link: /dev/ttyACM0}")
    expected = "rig.yaml:7: board B is virtual and has its serial line inside; remove `link:`"
    assert problems(tmp_path, text) == [expected]


CELLS = """\
rig: lab
hubs: {main: {driver: uhubctl, location: 1-1.4}}
cells:
  west:
    wifi: {ssid: West, password: "${PICO_AP_PASSWORD}"}
    boards:
      A: {power: main/1, serial: e6614c311b8c2b2a}
      P: {power: main/2}
    probe: {driver: board, board: P}
  east:
    wifi: {ssid: East, password: "${PICO_AP_PASSWORD}"}
    boards:
      E: {power: main/3, role: client}
      F: {power: main/4}
    probe: {driver: host, interface: wlan1}
"""


def test_cells_have_boards_wifi_and_probe_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "lab.yaml"
    path.write_text(CELLS)
    west, east = load_cells(path, ENVIRON)
    assert [str(west), str(east)] == ['cell west of rig "lab"', 'cell east of rig "lab"']
    assert [west.ap_board.name, east.ap_board.name] == ["A", "F"]
    assert [west.wifi.ssid, east.wifi.ssid] == ["West", "East"]
    assert [[board.name for board in cell.wired_boards] for cell in (west, east)] == [["A", "P"], ["E", "F"]]
    both = load_rig(path, ENVIRON)
    assert str(both) == 'rig "lab"'
    assert [(board.name, board.wifi.ssid) for board in both.wired_boards] == [
        ("A", "West"),
        ("E", "East"),
        ("F", "East"),
        ("P", "West"),
    ]
    assert (both.probe, both.hubs) == (None, west.hubs)


UNFIT_CELLS = {
    "one SSID": (
        "{ssid: East",
        "{ssid: West",
        "11: cells west and east have the same SSID, so boards would join the wrong access point; give each its own",
    ),
    "one name": (
        "F: {power: main/4}",
        "A: {power: main/4}",
        "14: cells west and east both have a board A; names are unique in a rig, so rename one of them",
    ),
    "one port": (
        "F: {power: main/4}",
        "F: {power: main/1}",
        "14: boards A and F are both on port main/1; give each board a port of its own",
    ),
    "one serial": (
        "F: {power: main/4}",
        "F: {power: main/4, serial: E6614C311B8C2B2A}",
        "14: boards A and F have the same serial e6614c311b8c2b2a; correct one of them",
    ),
    "one Wi-Fi card": (
        "probe: {driver: board, board: P}",
        "probe: {driver: host, interface: wlan1}",
        "15: cells west and east have the same Wi-Fi card wlan1 as their probe; give each cell its own",
    ),
    "probe of the other cell": (
        "probe: {driver: board, board: P}",
        "probe: {driver: board, board: F}",
        "9: the probe is board 'F', which is not under `boards:`; known: A, P",
    ),
    "no AP": ("F: {power: main/4}", "# F", "12: no board can be the AP; give one board `role: ap`"),
    "boards beside cells": (
        "rig: lab",
        "rig: lab\nboards: {}",
        "2: unknown key 'boards'; known: rig, virtual, power, recovery, hubs, cells",
    ),
    "unknown key within": (
        "role: client",
        "rol: client",
        "13: unknown key 'rol' in cells.east.boards.E; did you mean 'role'? known: type, power, serial, link, role",
    ),
}


@pytest.mark.parametrize(("good", "bad", "expected"), UNFIT_CELLS.values(), ids=UNFIT_CELLS)
def test_cells_that_conflict(tmp_path: Path, good: str, bad: str, expected: str) -> None:
    assert CELLS.count(good) == 1
    assert problems(tmp_path, CELLS.replace(good, bad)) == [f"rig.yaml:{expected}"]


def test_cells_that_are_empty(tmp_path: Path) -> None:
    start = CELLS.partition("cells:")[0]
    assert problems(tmp_path, f"{start}cells: {{}}\n")[0].startswith("rig.yaml:3: cells is ")
    assert problems(tmp_path, f"{start}cells:\n") == [
        "rig.yaml:3: cells is empty, must be a mapping (key: value); write a mapping (key: value) here"
    ]
