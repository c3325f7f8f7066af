"""Whether a board's flash keeps what is written to it."""

import os

ROUNDS = 32
"""Of 256 bytes: 8 KB, two blocks."""


def room() -> tuple:
    """Bytes free, and bytes that there are."""
    flash = os.statvfs("/")
    return flash[1] * flash[3], flash[1] * flash[2]


def write_and_read(path: str) -> bool:
    """Write 8 KB to ``path``, read them back, and remove the file. True if they are the same."""
    data = bytes(range(256))
    try:
        with open(path, "wb") as file:
            for _ in range(ROUNDS):
                file.write(data)
        os.sync()
        with open(path, "rb") as file:
            return all(file.read(256) == data for _ in range(ROUNDS)) and not file.read(1)
    finally:
        try:
            os.remove(path)
        except OSError:
            pass
