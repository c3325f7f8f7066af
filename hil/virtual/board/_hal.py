# The one road from MicroPython code to the simulated hardware; hil/virtual/call.py is its other end.
import json

import host
from uctypes import addressof

_mailbox = bytearray(2048)
host.call("mailbox %d" % addressof(_mailbox), "")


def call(op, payload=b""):
    r = host.call(op, payload)
    while r == "w":  # woken for a timer's callback, which runs at this loop's jump; then wait on
        r = host.call("again", "")
    if not r:
        return None
    t = r[0]
    if t == "i":
        return int(r[1:])
    if t == "t":
        return True
    if t == "f":
        return False
    if t == "d":
        return bytes(memoryview(_mailbox)[: int(r[1:])])
    if t == "s":
        return r[1:]
    if t == "j":
        return json.loads(r[1:])
    if t == "e":
        raise OSError(int(r[1:]))
    if t == "v":
        raise ValueError(r[1:])
    if t == "k":
        raise KeyboardInterrupt
    raise RuntimeError("hal: " + r)
