"""Serving: the boards of a virtual bench in real time, for programs of other processes."""
