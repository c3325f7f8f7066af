"""Modules of picolink that use no hardware also run under CPython."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "firmware" / "lib"))
