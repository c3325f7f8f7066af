"""Joins a Wi-Fi with a network card of this machine, through NetworkManager's ``nmcli``."""

import os
import subprocess

from hil.clock import Clock, Deadline
from hil.errors import ProbeError

_COMMAND_WITHIN_S = 10.0
"""Seconds of real time for a command that does not wait for the radio."""
_RETRY_S = 1.0
"""Seconds between two tries to join."""
_NO_SUCH_CONNECTION = 10
_NOT_RUNNING = 8
"""Exit codes of nmcli."""


class NetworkManager:
    """One connection profile for one interface. It is kept in memory only and never connects by itself."""

    def __init__(self, interface: str, clock: Clock) -> None:
        self.profile = f"pico-hil-{interface}"
        self._interface = interface
        self._clock = clock

    def join(self, ssid: str, key: str, deadline: Deadline) -> None:
        """Join; try until the deadline, since an access point may still be booting. Raises ``ProbeError``."""
        self.leave()
        self._add(ssid)
        why = "that was not enough time"
        while not deadline.expired:
            # The last scan may be minutes old. A scan that is refused, because one has just ended, does no harm.
            self._run("device", "wifi", "rescan", "ifname", self._interface, "ssid", ssid)
            done = self._up(key, deadline.remaining_s)
            if done.returncode == 0:
                return
            why = _output(done)
            if "secrets" in why.lower():
                why += "; compare the rig's wifi password with the firmware's"
                break
            self._clock.sleep(min(_RETRY_S, deadline.remaining_s))
        raise ProbeError(
            f"{self._interface}, the probe, could not join Wi-Fi {ssid!r} within {deadline.timeout_s:g} s: {why}"
        )

    def leave(self) -> None:
        """Disconnect, and delete the profile. Does nothing when there is none. Raises ``ProbeError``."""
        done = self._run("connection", "delete", "id", self.profile)
        if done.returncode not in (0, _NO_SUCH_CONNECTION):
            raise ProbeError(f"{self._interface}, the probe, could not leave its Wi-Fi: {_output(done)}")

    def _add(self, ssid: str) -> None:
        wanted = {
            "autoconnect": "no",
            # The machine keeps its default route and its name servers.
            "ipv4.never-default": "yes",
            "ipv4.ignore-auto-dns": "yes",
            "ipv6.method": "disabled",
            "connection.mdns": "no",
            "connection.llmnr": "no",
            "wifi-sec.key-mgmt": "wpa-psk",
            # The key is asked for at each joining and stored nowhere.
            "wifi-sec.psk-flags": "2",
        }
        options = [word for option in wanted.items() for word in option]
        names = ("con-name", self.profile, "ifname", self._interface, "ssid", ssid)
        done = self._run("connection", "add", "save", "no", "type", "wifi", *names, *options)
        if done.returncode != 0:
            raise ProbeError(f"{self._interface}, the probe, got no connection profile: {_output(done)}")

    def _up(self, key: str, within_s: float) -> subprocess.CompletedProcess[str]:
        # On standard input: every user of this machine can read arguments.
        secrets = f"802-11-wireless-security.psk:{key}\n"
        wait = ("--wait", str(max(1, int(within_s))))
        return self._run(*wait, "connection", "up", "id", self.profile, "passwd-file", "/dev/stdin", secrets=secrets)

    def _run(self, *arguments: str, secrets: str = "") -> subprocess.CompletedProcess[str]:
        command = ["nmcli", *arguments]
        wait_s = float(arguments[1]) if arguments[0] == "--wait" else 0.0
        try:
            done = subprocess.run(
                command,
                input=secrets,
                capture_output=True,
                text=True,
                timeout=wait_s + _COMMAND_WITHIN_S,
                check=False,
                env={**os.environ, "LC_ALL": "C"},
            )
        except FileNotFoundError:
            raise ProbeError(
                "there is no nmcli; a host probe needs NetworkManager (apt install network-manager)"
            ) from None
        except subprocess.TimeoutExpired:
            raise ProbeError(f"`{' '.join(command)}` did not end; is NetworkManager stuck?") from None
        if done.returncode == _NOT_RUNNING:
            raise ProbeError("NetworkManager is not running; start it (systemctl start NetworkManager)")
        return done


def _output(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stderr or done.stdout).strip().removeprefix("Error: ") or f"nmcli ended with {done.returncode}"
