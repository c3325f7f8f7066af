"""A hub switched by uhubctl: its command lines and how its output is read. The real uhubctl: tests/usb_sim."""

from pathlib import Path

import pytest

from hil.clock import MonotonicClock
from hil.errors import PowerError
from hil.power import PowerPort, PowerSetupError
from hil.power.uhubctl import UhubctlHub, port_states
from tests.power.stand_ins import Uhubctl


def port(number: int, location: str = "1-1.4", program: str = "uhubctl") -> PowerPort:
    hub = UhubctlHub(driver="uhubctl", location=location, program=program)
    return hub.power_port(number, MonotonicClock())


def test_switching_and_reading_back(uhubctl: Uhubctl) -> None:
    two = port(2)
    assert two.is_on()
    two.off()
    assert not two.is_on()
    two.on()
    assert two.is_on()


def test_only_the_one_port_is_switched(uhubctl: Uhubctl) -> None:
    others = {"1-1.4": {"1": "0100 power", "2": "0100 power"}, "1-1": {"2": "0100 power"}, "2-1": {"2": "0100 power"}}
    uhubctl.hubs(others)
    port(2).off()
    assert uhubctl.ports("1-1.4") == {"1": "0100 power", "2": "0000 off"}
    assert uhubctl.ports("1-1") == others["1-1"]
    assert uhubctl.ports("2-1") == others["2-1"]
    for call in uhubctl.calls:
        assert call[:6] == ["--exact", "--nodesc", "--location", "1-1.4", "--ports", "2"]


def test_both_halves_of_a_usb_3_hub_are_switched(uhubctl: Uhubctl) -> None:
    halves = {"1-1.4": {"1": "0100 power", "2": "0100 power"}, "2-1.4": {"1": "02a0 power", "2": "02a0 power"}}
    uhubctl.hubs(halves)
    uhubctl.peers({"1-1.4:1.0/1-1.4-port2": "/sys/devices/pci0000:00/usb2/2-1/2-1.4/2-1.4:1.0/2-1.4-port1"})
    two = port(2)
    two.off()
    assert uhubctl.ports("1-1.4") == {"1": "0100 power", "2": "0000 off"}
    # The two halves may number their ports differently.
    assert uhubctl.ports("2-1.4") == {"1": "0000 off", "2": "02a0 power"}
    assert not two.is_on()
    two.on()
    assert [uhubctl.ports("1-1.4")["2"], uhubctl.ports("2-1.4")["1"]] == ["0100 power", "02a0 power 5gbps Rx.Detect"]


def test_the_port_is_on_if_either_half_is(uhubctl: Uhubctl) -> None:
    uhubctl.hubs({"1-1.4": {"2": "0000 off"}, "2-1.4": {"2": "02a0 power 5gbps Rx.Detect"}})
    uhubctl.peers({"1-1.4:1.0/1-1.4-port2": "/sys/devices/2-1.4:1.0/2-1.4-port2"})
    assert port(2).is_on()


def test_a_half_that_cannot_switch_is_ignored(uhubctl: Uhubctl) -> None:
    uhubctl.hubs({"1-1.4": {"2": "0100 power"}})
    uhubctl.peers({"1-1.4:1.0/1-1.4-port2": "/sys/devices/2-1.4:1.0/2-1.4-port2"})
    port(2).off()
    assert uhubctl.ports("1-1.4") == {"2": "0000 off"}


def test_a_root_hub(uhubctl: Uhubctl) -> None:
    uhubctl.hubs({"1": {"2": "0100 power"}, "2": {"4": "02a0 power"}})
    uhubctl.peers({"1-0:1.0/usb1-port2": "/sys/devices/pci0000:00/usb2/2-0:1.0/usb2-port4"})
    port(2, "1").off()
    assert (uhubctl.ports("1"), uhubctl.ports("2")) == ({"2": "0000 off"}, {"4": "0000 off"})


def test_a_hub_that_does_not_switch(uhubctl: Uhubctl) -> None:
    uhubctl.hubs({"1-1.4": {"2": "0100 power"}}, is_stuck=True)
    with pytest.raises(
        PowerError, match=r"^port 2 of USB hub 1-1\.4 was switched off but reports that it is not"
    ) as caught:
        port(2).off()
    assert not isinstance(caught.value, PowerSetupError)


def test_without_uhubctl(tmp_path: Path) -> None:
    with pytest.raises(PowerSetupError) as caught:
        port(2, program="no-uhubctl").is_on()
    assert str(caught.value) == (
        "port 2 of USB hub 1-1.4: there is no program no-uhubctl on this machine; `apt install uhubctl` on that "
        "machine, or set `program: /path/to/uhubctl` of the hub"
    )


def test_without_permission_to_read(uhubctl: Uhubctl) -> None:
    uhubctl.hubs(
        {},
        errors=(
            "No compatible devices detected at location 1-1.4!",
            "Run with -h to get usage info.",
            "There were permission problems while accessing USB.",
            "Follow https://git.io/JIB2Z for a fix!",
        ),
        status=1,
    )
    with pytest.raises(
        PowerSetupError,
        match=r"no permission to read its state with uhubctl; copy rigs/99-pico-hil\.rules to /etc/udev/rules\.d",
    ):
        port(2).on()


def test_without_permission_to_switch(uhubctl: Uhubctl) -> None:
    file = "/sys/bus/usb/devices/1-1.4:1.0/1-1.4-port2/disable"
    text = f"Failed to set port status by writing to {file} (Permission denied)."
    uhubctl.hubs({"1-1.4": {"2": "0100 power"}}, is_stuck=True, errors=(text,))
    with pytest.raises(
        PowerSetupError, match=r"^port 2 of USB hub 1-1\.4: no permission to switch it with uhubctl; copy"
    ):
        port(2).off()


def test_a_missing_hub_is_reported_with_those_found(uhubctl: Uhubctl) -> None:
    uhubctl.hubs({"1-1": {"1": "0100 power"}, "1-1.3": {"1": "0100 power"}})
    with pytest.raises(PowerError) as caught:
        port(2).off()
    assert str(caught.value) == (
        "port 2 of USB hub 1-1.4: no such hub, or it cannot switch its ports; uhubctl finds "
        "1-1 [0bda:5411, USB 2.10, 1 ports, ppps], 1-1.3 [0bda:5411, USB 2.10, 1 ports, ppps]; "
        "correct `location:`, or plug the hub in where it was"
    )
    assert uhubctl.ports("1-1") == {"1": "0100 power"}


def test_no_hub_at_all(uhubctl: Uhubctl) -> None:
    uhubctl.hubs({})
    with pytest.raises(PowerError, match=r"uhubctl finds no hub that can\. Check that it is plugged in"):
        port(2).is_on()


@pytest.mark.parametrize("number", [9, 15])
def test_no_such_port(uhubctl: Uhubctl, number: int) -> None:
    with pytest.raises(PowerSetupError, match=f"^port {number} of USB hub 1-1.4: "):
        port(number).off()


def test_a_hub_that_returns_is_found_with_both_halves(uhubctl: Uhubctl) -> None:
    uhubctl.hubs({})
    two = port(2)
    with pytest.raises(PowerError):
        two.off()
    uhubctl.hubs({"1-1.4": {"2": "0100 power"}, "2-1.4": {"2": "02a0 power"}})
    uhubctl.peers({"1-1.4:1.0/1-1.4-port2": "/sys/devices/2-1.4:1.0/2-1.4-port2"})
    two.off()
    assert uhubctl.ports("2-1.4") == {"2": "0000 off"}


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        ("uhubctl: unrecognized option '--nodesc'", "this uhubctl is too old; install 2.5 or later"),
        ("Error initializing USB!", "uhubctl failed with exit status 1: Error initializing USB!"),
    ],
)
def test_other_failures_are_reported_with_its_output(uhubctl: Uhubctl, printed: str, reason: str) -> None:
    uhubctl.hubs({}, errors=(printed,), status=1)
    with pytest.raises(PowerError, match=reason):
        port(2).on()


def test_output_of_the_real_uhubctl() -> None:
    # uhubctl 2.5.0, of a simulated hub (without --exact, which would leave out one half).
    output = """\
Current status for hub 2-1.4 [0bda:0411 Generic 4-Port USB 3.1 Hub, USB 3.10, 4 ports, ppps]
  Port 2: 02a0 power 5gbps Rx.Detect
Current status for hub 1-1.4 [0bda:5411 Generic 4-Port USB 2.1 Hub, USB 2.10, 4 ports, ppps]
  Port 2: 0103 power enable connect [2e8a:0005 MicroPython Board in FS mode E66038B713510000]
Sent power off request
New status for hub 1-1.4 [0bda:5411 Generic 4-Port USB 2.1 Hub, USB 2.10, 4 ports, ppps]
  Port 2: 0000 off
  Port 14: 0507 power highspeed suspend enable connect [2109:3431 USB2.0 Hub, USB 2.10, 4 ports, ppps]
"""
    assert port_states(output, "1-1.4") == {2: False, 14: True}
    assert port_states(output, "2-1.4") == {2: True}
    assert port_states(output, "1-1") == {}
