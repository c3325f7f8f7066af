# Module time: the interpreter's own, with sleeping and the clock from the simulated board.
import sys

_path = sys.path[:]
sys.path[:] = []
from time import gmtime, localtime, mktime, ticks_add, ticks_cpu, ticks_diff, ticks_ms, ticks_us, time_ns

sys.path[:] = _path
del sys
from _hal import call as _call


def sleep(seconds):
    _call("sleep_us %d" % int(seconds * 1000) + "000" if seconds > 1 else "sleep_us %d" % int(seconds * 1000000))


def sleep_ms(ms):
    _call("sleep_us %d000" % ms if ms > 0 else "sleep_us 0")


def sleep_us(us):
    _call("sleep_us %d" % us)


def time():
    return time_ns() // 1000000000
