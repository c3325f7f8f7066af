"""Sections under ``hubs:``: the class of each driver, and errors of wrong sections."""

import subprocess
import sys
from pathlib import Path

import pytest

from hil.config.hubs import POWER_DRIVERS, HubConfig, VirtualHubSection
from hil.config.rig import load_rig
from hil.errors import ConfigError
from hil.power import HubSection

COMMANDS = "on: [plug, on], off: [plug, off], state: [plug, state]"


def load(folder: Path, hub: str) -> HubConfig:
    path = folder / "rig.yaml"
    path.write_text(
        "rig: bench-1\n"
        "wifi: {ssid: PicoAP, password: pico1234}\n"
        "hubs:\n"
        f"  main: {hub}\n"
        "boards:\n"
        "  A: {power: main/2, serial: e6614c311b8c2b2a}\n"
    )
    return load_rig(path, {"DRIVER": "top-secret"}).hubs["main"]


def problem(folder: Path, hub: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, hub)
    return str(caught.value).removeprefix(f"{folder}/")


@pytest.mark.parametrize(
    ("hub", "kind", "usb_path"),
    [
        ("{driver: uhubctl, location: 1-1.4}", "UhubctlHub", "1-1.4.2"),
        ("{driver: sysfs, location: 1}", "SysfsHub", "1-2"),
        ("{driver: ssh, host: pi@lab2, location: 1-1.4}", "SshHub", None),
        (f"{{driver: command, {COMMANDS}}}", "CommandHub", None),
    ],
)
def test_the_driver_picks_the_class(tmp_path: Path, hub: str, kind: str, usb_path: str | None) -> None:
    section = load(tmp_path, hub)
    assert isinstance(section, HubSection)
    assert type(section).__name__ == kind
    assert section.usb_path(2) == usb_path


def test_a_virtual_hub(tmp_path: Path) -> None:
    assert load(tmp_path, "{driver: virtual, ports: 3}") == VirtualHubSection(driver="virtual", ports=3)


@pytest.mark.parametrize(
    ("hub", "expected"),
    [
        (
            "{driver: uhubclt, location: 1-1.4}",
            (
                "hubs.main: unknown driver 'uhubclt'; did you mean 'uhubctl'? "
                "known: command, ssh, sysfs, uhubctl, virtual"
            ),
        ),
        ("{location: 1-1.4}", "'driver' is missing in hubs.main; add `driver: …`"),
        ("{driver: uhubctl}", "'location' is missing in hubs.main; add `location: …`"),
        (
            "{driver: uhubctl, locaton: 1-1.4, location: 1-1.4}",
            "unknown key 'locaton' in hubs.main; did you mean 'location'? known: driver, ports, location, program",
        ),
        (
            "{driver: sysfs, location: 1-1.4:1.0}",
            (
                "hubs.main.location is not the location of a USB hub; write bus-port.port as `uhubctl` shows it, such "
                "as 1-1.4"
            ),
        ),
        (
            "{driver: uhubctl, location: 1-1, ports: 0}",
            "hubs.main.ports is '0' but should be greater than or equal to 1",
        ),
        ("{driver: ssh, location: 1-1, host: -v}", "hubs.main.host is not a host for ssh"),
        ("{driver: command}", "'on' is missing in hubs.main; add `on: …`"),
        ("uhubctl", "hubs.main is a single value, must be a mapping (key: value)"),
        ('{driver: "${DRIVER}"}', "hubs.main: unknown driver '${DRIVER}'"),
    ],
)
def test_the_errors_of_a_wrong_section_name_the_remedy(tmp_path: Path, hub: str, expected: str) -> None:
    found = problem(tmp_path, hub)
    assert found.startswith("rig.yaml:4: ")
    assert expected in found
    assert "top-secret" not in found


def test_only_the_driver_that_a_rig_names_is_imported(tmp_path: Path) -> None:
    load(tmp_path, "{driver: sysfs, location: 1-1.4}")
    code = (
        "import sys; from pathlib import Path; from hil.config.rig import load_rig\n"
        f"load_rig(Path({str(tmp_path / 'rig.yaml')!r}), {{}})\n"
        "print(*(name for name in sys.modules if name.startswith('hil.power.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["hil.power.usb_port", "hil.power.sysfs"]


def test_every_built_in_driver_is_listed() -> None:
    from pydoc import locate

    for driver, name in POWER_DRIVERS.built_in.items():
        section = locate(name)
        assert isinstance(section, type)
        assert issubclass(section, HubSection | VirtualHubSection)
        assert driver in str(section.model_fields["driver"].annotation)
