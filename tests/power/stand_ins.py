"""Stand-ins for system programs. They act on files in their own folder as the real ones act on hardware."""

import json
import sys
from pathlib import Path

# As uhubctl 2.5.0 prints it, with --nodesc.
UHUBCTL = """\
import json, sys
folder = __file__.rpartition("/")[0]
state = json.load(open(folder + "/hubs.json"))
with open(folder + "/calls.jsonl", "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
words = sys.argv[1:]
assert "--exact" in words and "--nodesc" in words, words
option = lambda name: words[words.index(name) + 1] if name in words else None
location, port, action = option("--location"), option("--ports"), option("--action")
hubs = {name: hub for name, hub in state["hubs"].items() if location in (None, name)}
for line in state["errors"]:
    print(line, file=sys.stderr)
if state["errors"] and state["status"]:
    sys.exit(state["status"])
if not hubs:
    print(f"No compatible devices detected at location {location}!", file=sys.stderr)
    sys.exit(1)
def show(heading):
    for name, ports in hubs.items():
        print(f"{heading} status for hub {name} [0bda:5411, USB 2.10, {len(ports)} ports, ppps]")
        for number, text in ports.items():
            if port in (None, number):
                print(f"  Port {number}: {text}")
show("Current")
if action:
    for name, ports in hubs.items():
        if port in ports and not state["is_stuck"]:
            on = {"1": "0100 power", "2": "02a0 power 5gbps Rx.Detect"}[name[0]]
            ports[port] = on if action == "on" else "0000 off"
    print(f"Sent power {action} request")
    show("New")
    json.dump(state, open(folder + "/hubs.json", "w"))
"""

READLINK = """\
import json, sys
peers = json.load(open(__file__.rpartition("/")[0] + "/peers.json"))
[option, path] = sys.argv[1:]
found = [peer for port, peer in peers.items() if path == f"/sys/bus/usb/devices/{port}/peer"]
print(*found)
sys.exit(not found)
"""

SSH = """\
import json, os, sys
folder = __file__.rpartition("/")[0]
with open(folder + "/ssh.jsonl", "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
if os.path.exists(folder + "/refusal"):
    print(open(folder + "/refusal").read(), file=sys.stderr)
    sys.exit(255)
*options, separator, host, command = sys.argv[1:]
assert separator == "--", sys.argv
os.execv("/bin/sh", ["sh", "-c", command])
"""


def install(folder: Path, name: str, source: str) -> Path:
    """Write ``source`` as the executable ``name`` in ``folder``."""
    program = folder / name
    program.write_text(f"#!{sys.executable} -ISE\n{source}")
    program.chmod(0o755)
    return program


class Uhubctl:
    """The stand-ins for uhubctl and readlink in ``folder``, and the hubs they act on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = install(folder, "uhubctl", UHUBCTL)
        install(folder, "readlink", READLINK)
        self.peers({})
        self.hubs({"1-1.4": {"1": "0103 power enable connect [2e8a:0005]", "2": "0100 power", "3": "0000 off"}})

    def hubs(
        self,
        hubs: dict[str, dict[str, str]],
        *,
        is_stuck: bool = False,
        errors: tuple[str, ...] = (),
        status: int = 0,
    ) -> None:
        """Set the hubs, with the status text of each port. If ``is_stuck``, ports do not change when switched."""
        state = {"hubs": hubs, "is_stuck": is_stuck, "errors": errors, "status": status}
        (self.folder / "hubs.json").write_text(json.dumps(state))

    def peers(self, peers: dict[str, str]) -> None:
        """Set the peers of ports: folder below /sys/bus/usb/devices to folder of the peer."""
        (self.folder / "peers.json").write_text(json.dumps(peers))

    @property
    def calls(self) -> list[list[str]]:
        return [json.loads(line) for line in (self.folder / "calls.jsonl").read_text().splitlines()]

    def ports(self, hub: str) -> dict[str, str]:
        ports: dict[str, str] = json.loads((self.folder / "hubs.json").read_text())["hubs"][hub]
        return ports
