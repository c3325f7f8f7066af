"""A hub of another machine: the command line of ssh, and what the remote shell makes of it.

The stand-in for ``ssh`` passes the command to ``/bin/sh`` like the real one, but on this machine.
"""

import json
from pathlib import Path

import pytest

from hil.clock import MonotonicClock
from hil.errors import PowerError
from hil.power import PowerSetupError
from hil.power.ssh import RemoteRun, SshHub
from tests.power.stand_ins import SSH, Uhubctl, install


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, first on PATH, with a stand-in for ``ssh``."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    install(tmp_path, "ssh", SSH)
    return tmp_path


def hub(folder: Path, **settings: object) -> SshHub:
    program = str(folder / "uhubctl")
    return SshHub.model_validate(
        {"driver": "ssh", "host": "pi@lab2", "location": "1-1.4", "program": program, **settings}
    )


def calls(folder: Path) -> list[list[str]]:
    return [json.loads(line) for line in (folder / "ssh.jsonl").read_text().splitlines()]


def test_switching_on_the_other_machine(folder: Path) -> None:
    uhubctl = Uhubctl(folder)
    port = hub(folder).power_port(2, MonotonicClock())
    port.off()
    assert uhubctl.ports("1-1.4")["2"] == "0000 off"
    assert not port.is_on()
    port.on()
    assert port.is_on()


def test_ssh_never_prompts_and_trusts_no_unknown_host(folder: Path) -> None:
    Uhubctl(folder)
    hub(folder, ssh_port=2222).power_port(2, MonotonicClock()).is_on()
    for call in calls(folder):
        assert call[:-1] == [
            *("-T", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=10"),
            *("-p", "2222", "--", "pi@lab2"),
        ]


def test_every_argument_arrives_unchanged(folder: Path) -> None:
    arguments = ["a b", "$HOME", "`id`", "; false", "*", "it's", '"', "\\", ""]
    assert RemoteRun("lab2")(["printf", "%s|", *arguments], 30).output == "|".join([*arguments, ""])


def test_the_boards_are_not_on_the_usb_of_this_machine(folder: Path) -> None:
    assert hub(folder).usb_path(2) is None


@pytest.mark.parametrize(
    ("printed", "kind", "fix"),
    [
        ("Host key verification failed.", PowerSetupError, "run `ssh pi@lab2` once by hand and compare the key"),
        ("pi@lab2: Permission denied (publickey,password).", PowerSetupError, "run `ssh-copy-id pi@lab2`"),
        (
            "ssh: connect to host lab2 port 22: No route to host",
            PowerError,
            "check that the machine is on and its name correct",
        ),
    ],
)
def test_a_login_that_fails(folder: Path, printed: str, kind: type[PowerError], fix: str) -> None:
    (folder / "refusal").write_text(printed)
    with pytest.raises(PowerError) as caught:
        hub(folder).power_port(2, MonotonicClock()).off()
    assert type(caught.value) is kind
    assert str(caught.value).startswith("ssh could not log in to pi@lab2: exit status 255: ")
    assert printed in str(caught.value)
    assert fix in str(caught.value)


def test_without_uhubctl_on_the_other_machine(folder: Path) -> None:
    with pytest.raises(PowerSetupError, match=r"there is no program .*/uhubctl on pi@lab2 \(searched .*/usr/sbin"):
        hub(folder).power_port(2, MonotonicClock()).off()


def test_without_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PowerSetupError, match=r"there is no program ssh on this machine; `apt install openssh-client`"):
        RemoteRun("lab2")(["true"], 30)


@pytest.mark.parametrize("host", ["-oProxyCommand=id", "", "lab2 -v"])
def test_a_host_that_would_be_an_option(folder: Path, host: str) -> None:
    with pytest.raises(ValueError, match=r"is not a host for ssh; write a name of ~/\.ssh/config, or user@host"):
        hub(folder, host=host)
