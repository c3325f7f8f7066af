"""The virtual bench: simulated boards that run the real MicroPython, in virtual time, repeatable to the byte."""
