raise ImportError(
    "_thread is not in the virtual board's MicroPython: "
    "run one loop with select.poll(), or test this firmware on a real board"
)
