"""What a board's flash holds: the part of a deployment that reads.

Runs beside a firmware that was interrupted, so it needs no more than a few kilobytes of heap.
"""

import gc
import hashlib
import json
import os
from binascii import hexlify

try:
    import deflate
except ImportError:
    pass


def digest(path: str) -> str | None:
    """SHA-256 of a file in hexadecimal digits; None where there is none."""
    try:
        file = open(path, "rb")
    except OSError:
        return None
    hashed = hashlib.sha256()
    block = memoryview(bytearray(512))
    size = file.readinto(block)
    while size:
        hashed.update(block[:size])
        size = file.readinto(block)
    file.close()
    return hexlify(hashed.digest()).decode()


def size(path: str) -> int | None:
    """Bytes of a file; None where there is none."""
    try:
        return os.stat(path)[6]
    except OSError:
        return None


def survey(manifest: str, paths: list, suffix: str) -> str:
    """The fields of the host's ``Survey`` as JSON, of ``paths`` and of the files that ``manifest`` lists.

    ``suffix`` is that of temporary files. Paths are those of an image, from the board's root.
    """
    try:
        with open(manifest) as file:
            listed = json.loads(file.read())
    except (OSError, ValueError):
        listed = []
    if not isinstance(listed, list) or not all(isinstance(path, str) for path in listed):
        listed = []
    paths = sorted(set(paths) | set(listed))
    flash = os.statvfs("/")
    return json.dumps(
        {
            "inflates": "deflate" in globals(),
            "listed": listed,
            "free": flash[0] * flash[3],
            "block": flash[0],
            "size": {path: size("/" + path) for path in paths},
            "stale": {path: size("/" + path + suffix) for path in paths + [manifest]},
            "digest": {path: digest("/" + path) for path in paths},
        }
    )


gc.collect()
