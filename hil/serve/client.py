"""Client of the control socket: switches hub ports of a running ``hil serve``.

``python -m hil.serve.client SOCKET HUB PORT on|off|state`` prints the port's state. The rig file of a served bench uses
it with the power driver ``command``. Every power cycle starts it, so it imports only the standard library.
"""

import json
import socket
import sys
from collections.abc import Sequence

_WITHIN_S = 10.0
"""A server answers at once, unless it is suspended."""


class ControlError(Exception):
    """The server cannot be reached or refuses the request; the text states why and what to do."""


def ask(path: str, request: str) -> object:
    """Send one request to the server at ``path`` and return its answer. Raises ``ControlError``."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_WITHIN_S)
            connection.connect(path)
            connection.sendall(request.encode() + b"\n")
            line = connection.makefile("rb").readline()
    except OSError as error:
        raise ControlError(f"{path}: no `hil serve` answers there ({error}); is it still running?") from error
    if not line.endswith(b"\n"):
        raise ControlError(f"{path}: `hil serve` ended; start it again")
    answer = json.loads(line)
    if "error" in answer:
        raise ControlError(answer["error"])
    return answer["ok"]


def main(arguments: Sequence[str]) -> int:
    """Run the client with command-line ``arguments``. Returns the exit status."""
    if len(arguments) != 4:
        print("usage: python -m hil.serve.client SOCKET HUB PORT on|off|state", file=sys.stderr)
        return 2
    try:
        print(ask(arguments[0], f"power {' '.join(arguments[1:])}"))
    except ControlError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
