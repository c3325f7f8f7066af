"""How files get onto a board's flash: the part of a deployment that writes. Sent after ``deploy_survey``."""

import io
import os
from binascii import a2b_base64
from deploy_survey import digest, size

file: io.BufferedWriter


def inflate(packed: bytes) -> bytes:
    """Data that was compressed by zlib, then written as base64. For boards whose survey has ``inflates``."""
    import deflate

    data: bytes = deflate.DeflateIO(io.BytesIO(a2b_base64(packed)), deflate.ZLIB).read()
    return data


def start(path: str) -> None:
    """Open ``path`` for the data to come, which goes to the global ``file``; missing folders are made."""
    global file
    for end in range(1, len(path)):
        if path[end] == "/" and size(path[:end]) is None:
            os.mkdir(path[:end])
    file = open(path, "wb")


def finish(path: str, suffix: str, expected: str) -> str | None:
    """Give the file its name if it reads back with the SHA-256 ``expected``. Returns the one that it has."""
    file.close()
    found = digest(path + suffix)
    if found == expected:
        os.rename(path + suffix, path)
    return found


def remove(path: str) -> None:
    """Remove a file, and the folders that are empty then."""
    os.remove(path)
    path = path.rpartition("/")[0]
    while path and not os.listdir(path):
        os.rmdir(path)
        path = path.rpartition("/")[0]
