# Module machine: what firmware on a Pico W commonly uses.
from _hal import call as _call

PWRON_RESET = 1
WDT_RESET = 3


def reset():
    _call("reset")


def soft_reset():
    raise SystemExit


def bootloader(value=0):
    _call("bootloader")


def reset_cause():
    return _call("reset_cause")


def unique_id():
    return _call("unique_id")


def freq(hz=None):
    if hz is None:
        return 125000000


def idle():
    _call("sleep_us 1000")


def lightsleep(ms=None):
    _call("sleep_us %d000" % (0x3FFFFFFF if ms is None else ms))


def deepsleep(ms=None):
    lightsleep(ms)
    reset()


def disable_irq():
    return 0


def enable_irq(state):
    pass


class Pin:
    IN = 0
    OUT = 1
    OPEN_DRAIN = 2
    ALT = 3
    PULL_UP = 1
    PULL_DOWN = 2
    IRQ_RISING = 8
    IRQ_FALLING = 4

    def __init__(self, id, mode=-1, pull=-1, *, value=None, alt=31):
        id = str(id)
        if id.startswith("GP") or id.startswith("WL_GPIO"):
            id = id.replace("WL_GPIO0", "LED").replace("GP", "")
        if id != "LED" and not (id.isdigit() and int(id) < 30):
            raise ValueError("unknown named pin " + id)
        self._id = id
        if value is not None:
            self.value(value)

    def init(self, mode=-1, pull=-1, *, value=None, alt=31):
        if value is not None:
            self.value(value)

    def value(self, value=None):
        if value is None:
            return _call("pin.get " + self._id)
        _call("pin.set %s %d" % (self._id, 1 if value else 0))

    def __call__(self, value=None):
        return self.value(value)

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    high = on
    low = off

    def toggle(self):
        self.value(not self.value())

    def __repr__(self):
        return "Pin(%s)" % self._id


class ADC:
    CORE_TEMP = 4

    def __init__(self, channel):
        self._channel = channel

    def read_u16(self):
        return 14000  # the core temperature channel at room temperature


class WDT:
    def __init__(self, id=0, timeout=5000):
        _call("watchdog.start %d" % timeout)

    def feed(self):
        _call("watchdog.feed")


class RTC:
    def datetime(self, value=None):
        import time

        if value is None:
            t = time.gmtime()
            return (t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0)


class PWM:
    def __init__(self, pin, *, freq=0, duty_u16=0, duty_ns=0):
        self._freq = freq
        self._duty = duty_u16

    def freq(self, value=None):
        if value is None:
            return self._freq
        self._freq = value

    def duty_u16(self, value=None):
        if value is None:
            return self._duty
        self._duty = value

    def deinit(self):
        self._duty = 0


class _NotSimulated:
    def __init__(self, *args, **kwargs):
        raise NotImplementedError("the virtual board does not simulate this peripheral")


class I2C(_NotSimulated):
    pass


class SoftI2C(_NotSimulated):
    pass


class SPI(_NotSimulated):
    pass


class SoftSPI(_NotSimulated):
    pass


class UART(_NotSimulated):
    pass


class I2S(_NotSimulated):
    pass


_timers = {}


def _fire(number):
    timer = _timers.get(number)
    if timer:
        if timer._mode == Timer.ONE_SHOT:
            del _timers[number]
        timer._callback(timer)


class Timer:
    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, id=-1, **options):
        self._number = max(_timers) + 1 if _timers else 1
        if options:
            self.init(**options)

    def init(self, *, mode=PERIODIC, freq=-1, period=-1, callback=None, hard=False):
        self._mode = mode
        self._callback = callback
        us = int(1000000 / freq) if freq > 0 else period * 1000
        if us <= 0:
            raise ValueError("period must be positive")
        _timers[self._number] = self
        _call("timer.start %d %d %d %d" % (self._number, us, mode, id(_fire)))

    def deinit(self):
        _timers.pop(self._number, None)
        _call("timer.stop %d" % self._number)
