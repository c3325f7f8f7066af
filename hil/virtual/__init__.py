"""The simulation behind virtual rigs: boards run the real MicroPython in virtual time, deterministic to the byte."""
