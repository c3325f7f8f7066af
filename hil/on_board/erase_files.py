"""Removes files from a board's flash, so that it starts without them."""

import os

ENOENT = 2


def erase_files(paths: list) -> None:
    """Remove ``paths``, as far as they are there."""
    for path in paths:
        try:
            os.remove(path)
        except OSError as error:
            if error.errno != ENOENT:
                raise
