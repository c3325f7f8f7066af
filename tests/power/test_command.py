"""Outlets switched by commands from the rig file."""

import shlex
import sys
from pathlib import Path

import pytest

from hil.clock import MonotonicClock
from hil.config.rig import load_rig
from hil.errors import ConfigError, PowerError
from hil.power import HubSection, PowerPort, PowerSetupError
from tests.power.stand_ins import install

PLUG = """\
import sys
folder, key, outlet, what = __file__.rpartition("/")[0], *sys.argv[1:]
if key != "hush-hush":
    sys.exit(f"wrong key {key!r}")
state = f"{folder}/outlet-{outlet}"
if what == "state":
    print(open(state).read())
else:
    open(state, "w").write(what)
"""
RIG = """\
rig: plugs
wifi: {{ssid: PicoAP, password: pico1234}}
hubs:
  plug:
    driver: command
    on: [{program}, "${{PLUG_KEY}}", "{{port}}", on]
    off: [{program}, "${{PLUG_KEY}}", "{{port}}", off]
    state: [{program}, "${{PLUG_KEY}}", "{{port}}", state]
    {more}
boards:
  A: {{power: plug/1, serial: e6614c311b8c2b2a}}
  B: {{power: plug/2, serial: e6614c311b8c2b2b}}
"""


@pytest.fixture
def plug(tmp_path: Path) -> Path:
    """A program that switches outlets. Their state is in files beside it."""
    for outlet in (1, 2):
        (tmp_path / f"outlet-{outlet}").write_text("on")
    return install(tmp_path, "plug", PLUG)


def port(plug: Path, more: str = "ports: 2", key: str = "hush-hush", number: int = 1) -> PowerPort:
    path = plug.parent / "rig.yaml"
    path.write_text(RIG.format(program=plug, more=more))
    hub = load_rig(path, {"PLUG_KEY": key}).hubs["plug"]
    assert isinstance(hub, HubSection)
    return hub.power_port(number, MonotonicClock())


def error(port: PowerPort) -> PowerError:
    with pytest.raises(PowerError) as caught:
        port.is_on()
    return caught.value


def test_only_the_given_outlet_is_switched(plug: Path) -> None:
    two = port(plug, number=2)
    assert two.is_on()
    two.off()
    assert not two.is_on()
    assert (plug.parent / "outlet-1").read_text() == "on"
    two.on()
    assert two.is_on()


@pytest.mark.parametrize(
    ("printed", "is_on"), [("ON", True), ("1\n", True), (" true ", True), ("off", False), ("0", False)]
)
def test_states_that_are_understood(plug: Path, printed: str, is_on: bool) -> None:
    (plug.parent / "outlet-1").write_text(printed)
    assert port(plug).is_on() is is_on


def test_a_program_with_other_output(plug: Path) -> None:
    one = port(plug, more="""state_on: '"POWER": *"ON"'\n    state_off: '"POWER": *"OFF"'""")
    (plug.parent / "outlet-1").write_text('{"POWER": "ON"}')
    assert one.is_on()
    (plug.parent / "outlet-1").write_text('{"POWER": "OFF"}')
    assert not one.is_on()
    (plug.parent / "outlet-1").write_text("timeout")
    assert "printed 'timeout'; it must match exactly one of `state_on: \"POWER\"" in str(error(one))


def test_a_state_that_is_neither_on_nor_off(plug: Path) -> None:
    (plug.parent / "outlet-1").write_text("unknown")
    assert str(error(port(plug))) == (
        f"`{plug} ${{PLUG_KEY}} 1 state` printed 'unknown'; it must be on or off, 1 or 0, true or false; set "
        "`state_on:` and `state_off:` to accept other output"
    )


def test_a_failed_command_is_reported_with_its_output_but_no_secret(plug: Path) -> None:
    message = str(error(port(plug, key="top-secret")))
    assert message == f"`{plug} ${{PLUG_KEY}} 1 state` failed with exit status 1: wrong key '***'"


def test_the_repr_of_a_rig_has_no_secret(plug: Path) -> None:
    path = plug.parent / "rig.yaml"
    path.write_text(RIG.format(program=plug, more="ports: 2"))
    assert "hush-hush" not in repr(load_rig(path, {"PLUG_KEY": "hush-hush"}))


def test_a_command_that_never_ends(plug: Path) -> None:
    plug.write_text(f"#!{sys.executable} -ISE\nwhile True: pass\n")
    assert str(error(port(plug, more="within_s: 0.2"))) == (
        f"`{plug} {shlex.quote('${PLUG_KEY}')} 1 state` did not end within 0.2 s and was stopped"
    )


def test_a_missing_program(plug: Path) -> None:
    one = port(plug)
    plug.unlink()
    found = error(one)
    assert isinstance(found, PowerSetupError)
    assert "there is no program" in str(found)
    assert "but the rig file runs `" in str(found)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("state_on: x", "has only one of `state_on:` and `state_off:`; give both"),
        ("state_on: '['", "hubs.plug.state_on is not a regular expression"),
        ("within_s: 0", "hubs.plug.within_s is '0' but should be greater than 0"),
        ("statt_on: x", "unknown key 'statt_on' in hubs.plug; did you mean 'state_on'?"),
        ("ports: 1", "board B is on port plug/2, but hub plug has ports 1 to 1"),
    ],
)
def test_errors_of_the_section(plug: Path, more: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        port(plug, more)
    assert problem in str(caught.value)
    assert "hush-hush" not in str(caught.value)
