"""Leaves no room on a board's flash."""

import os

ENOSPC = 28


def fill(path: str) -> None:
    """Write to ``path`` until no block is free."""
    file = open(path, "wb")
    block = bytes(os.statvfs("/")[0])
    try:
        while True:
            file.write(block)
    except OSError as error:
        if error.errno != ENOSPC:
            raise
    file.close()
