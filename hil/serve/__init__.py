"""``hil serve``: the boards of a virtual bench in real time, for other processes."""
