"""Removes files from a board's flash, so that it starts without them."""

import os

ENOENT = 2
FOLDER = 0x4000


def erase_files(paths: list) -> None:
    """Remove ``paths``, as far as they are there."""
    for path in paths:
        try:
            os.remove(path)
        except OSError as error:
            if error.errno != ENOENT:
                raise


def erase_all(folder: str = "") -> None:
    """Remove everything in ``folder``; without one, everything."""
    for name, kind, *_ in list(os.ilistdir(folder)):
        path = folder + "/" + name
        if kind == FOLDER:
            erase_all(path)
            os.rmdir(path)
        else:
            os.remove(path)
