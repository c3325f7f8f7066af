"""MicroPython that is sent to boards: the other files of this folder. They are never imported here.

``make firmware-check`` compiles each of them and checks its types against the stubs of the Pico W.
"""

from importlib.resources import files


def source_of(program: str) -> str:
    """The text of the program ``program``, which is the name of its file without ``.py``."""
    return files(__name__).joinpath(f"{program}.py").read_text(encoding="utf-8")
