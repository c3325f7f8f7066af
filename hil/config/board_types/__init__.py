"""The board types that pico-hil brings: one file each, named in the table of ``hil/config/board_type.py``."""
