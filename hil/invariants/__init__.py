"""Invariants: what must hold at every instant of every test, whatever it tests. Read from the rig's timeline."""
