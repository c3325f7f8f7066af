"""Boards that run the Pico W's own C: MicroPython's rp2 port, compiled to WebAssembly (see vm/port)."""
