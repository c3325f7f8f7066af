"""Removes everything from a board's flash."""

import os

FOLDER = 0x4000


def erase_all(folder: str = "") -> None:
    """Remove everything in ``folder``; without one, everything."""
    for name, kind, *_ in list(os.ilistdir(folder)):
        path = folder + "/" + name
        if kind == FOLDER:
            erase_all(path)
            os.rmdir(path)
        else:
            os.remove(path)
