# machine.Pin and machine.Signal. Nothing is connected to a virtual board; hil/virtual/hal/pins.py knows the levels.
from _hal import call as _call

_MODES = ("IN", "OUT", "OPEN_DRAIN", "ALT")
_PULLS = ("", ", pull=PULL_UP", ", pull=PULL_DOWN", ", pull=PULL_UP|PULL_DOWN")


def _name(id):
    if isinstance(id, int):
        if 0 <= id < 30:
            return "GPIO%d" % id
        raise ValueError("invalid pin")
    if id in ("LED", "WL_GPIO0", "EXT_GPIO0"):
        return "EXT_GPIO0"
    number = id[2:] if id[:2] == "GP" and id[:4] != "GPIO" else id[4:] if id[:4] == "GPIO" else ""
    if number.isdigit() and int(number) < 30:
        return "GPIO" + number
    raise ValueError('unknown named pin "%s"' % id)


class _Irq:
    def __init__(self, trigger):
        self._trigger = trigger

    def __call__(self):
        pass

    def flags(self):
        return 0

    def trigger(self):
        return self._trigger


class Pin:
    IN = 0
    OUT = 1
    OPEN_DRAIN = 2
    ALT = 3
    PULL_UP = 1
    PULL_DOWN = 2
    IRQ_FALLING = 4
    IRQ_RISING = 8

    def __init__(self, id, *args, **options):
        self._name = id._name if isinstance(id, Pin) else _name(id)
        if args or options:
            self.init(*args, **options)

    def init(self, mode=None, pull=None, *, value=None, alt=31):
        if mode is not None and mode >= 0:
            if value is not None:
                self.value(value)
            _call("pin.mode %s %d" % (self._name, mode))
        _call("pin.pull %s %d" % (self._name, pull or 0))

    def value(self, value=None):
        if value is None:
            return _call("pin.get " + self._name)
        _call("pin.set %s %d" % (self._name, 1 if value else 0))

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    high = on
    low = off

    def toggle(self):
        _call("pin.toggle " + self._name)

    def irq(self, handler=None, trigger=IRQ_FALLING | IRQ_RISING, hard=False):
        # The handler is never called: without anything connected there is never an edge.
        return _Irq(trigger)

    def __repr__(self):
        mode, pull = _call("pin.settings " + self._name)
        return "Pin(%s, mode=%s%s)" % (self._name, _MODES[mode], _PULLS[pull])


class Signal:
    def __init__(self, pin, *args, invert=False, **options):
        self._pin = pin if isinstance(pin, Pin) else Pin(pin, *args, **options)
        self._invert = bool(invert)

    def value(self, value=None):
        if value is None:
            return self._pin.value() ^ self._invert
        self._pin.value(bool(value) ^ self._invert)

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)
