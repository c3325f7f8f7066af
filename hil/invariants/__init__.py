"""Invariants: what holds at every instant of every test, whatever the test is about. Read from the rig's timeline."""
