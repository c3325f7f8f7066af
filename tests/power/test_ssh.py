"""A hub of another machine: what ssh is told, and what a shell over there makes of it.

The ``ssh`` here hands the command to ``/bin/sh`` as the real one does, on this machine. A real server was not used.
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
    """A folder with an ``ssh`` that is found before any other."""
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


def test_switching_over_there(folder: Path) -> None:
    uhubctl = Uhubctl(folder)
    port = hub(folder).power_port(2, MonotonicClock())
    port.off()
    assert uhubctl.ports("1-1.4")["2"] == "0000 off"
    assert not port.is_on()
    port.on()
    assert port.is_on()


def test_nothing_is_asked_and_no_unknown_host_is_trusted(folder: Path) -> None:
    Uhubctl(folder)
    hub(folder, ssh_port=2222).power_port(2, MonotonicClock()).is_on()
    for call in calls(folder):
        assert call[:-1] == [
            *("-T", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=10"),
            *("-p", "2222", "--", "pi@lab2"),
        ]


def test_every_word_arrives_as_it_was(folder: Path) -> None:
    words = ["a b", "$HOME", "`id`", "; false", "*", "it's", '"', "\\", ""]
    assert RemoteRun("lab2")(["printf", "%s|", *words], 30).output == "|".join([*words, ""])


def test_the_boards_are_not_on_the_usb_of_this_machine(folder: Path) -> None:
    assert hub(folder).usb_path(2) is None


@pytest.mark.parametrize(
    ("said", "kind", "fix"),
    [
        ("Host key verification failed.", PowerSetupError, "run `ssh pi@lab2` once by hand and compare the key"),
        ("pi@lab2: Permission denied (publickey,password).", PowerSetupError, "run `ssh-copy-id pi@lab2`"),
        ("ssh: connect to host lab2 port 22: No route to host", PowerError, "is it switched on, and its name right?"),
    ],
)
def test_a_machine_that_does_not_let_in(folder: Path, said: str, kind: type[PowerError], fix: str) -> None:
    (folder / "refusal").write_text(said)
    with pytest.raises(PowerError) as caught:
        hub(folder).power_port(2, MonotonicClock()).off()
    assert type(caught.value) is kind
    assert str(caught.value).startswith("ssh could not log in to pi@lab2: exit status 255: ")
    assert said in str(caught.value)
    assert fix in str(caught.value)


def test_without_uhubctl_over_there(folder: Path) -> None:
    with pytest.raises(PowerSetupError, match=r"there is no program .*/uhubctl on pi@lab2 \(looked in .*/usr/sbin"):
        hub(folder).power_port(2, MonotonicClock()).off()


def test_without_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PowerSetupError, match=r"there is no program ssh on this machine; `apt install openssh-client`"):
        RemoteRun("lab2")(["true"], 30)


@pytest.mark.parametrize("host", ["-oProxyCommand=id", "", "lab2 -v"])
def test_a_host_that_would_be_an_option(folder: Path, host: str) -> None:
    with pytest.raises(ValueError, match=r"is no host for ssh; write a name of ~/\.ssh/config, or user@host"):
        hub(folder, host=host)
