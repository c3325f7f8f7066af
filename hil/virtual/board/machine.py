# Module machine: what firmware on a Pico W commonly uses.
import sys

from _hal import call as _call
from _not_simulated import NotSimulated
from _pin import Pin, Signal

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
        return _freq[0]
    _freq[0] = hz


_freq = [125000000]


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
        _call("rtc.set %d" % time.mktime((value[0], value[1], value[2], value[4], value[5], value[6], 0, 0)))


class PWM:
    def __init__(self, pin, **options):
        self._freq = self._duty = 0
        self.init(**options)

    def init(self, *, freq=None, duty_u16=None, duty_ns=None, invert=False):
        if freq is not None:
            self._freq = freq
        if duty_u16 is not None:
            self._duty = duty_u16
        if duty_ns is not None:
            self.duty_ns(duty_ns)

    def freq(self, value=None):
        if value is None:
            return self._freq
        self._freq = value

    def duty_u16(self, value=None):
        if value is None:
            return self._duty
        self._duty = value

    def duty_ns(self, value=None):
        if value is None:
            return self._duty * 1000000000 // (65535 * self._freq) if self._freq else 0
        self._duty = min(65535, value * self._freq * 65535 // 1000000000)

    def deinit(self):
        self._duty = 0


def time_pulse_us(pin, pulse_level, timeout_us=1000000):
    # Nothing drives the pins, so a level that is there stays and one that is not never comes.
    level = pin.value()
    _call("sleep_us %d" % timeout_us)
    return -1 if level == pulse_level else -2


I2C = NotSimulated("machine.I2C")
I2CTarget = NotSimulated("machine.I2CTarget")
I2S = NotSimulated("machine.I2S")
SPI = NotSimulated("machine.SPI")
SoftI2C = NotSimulated("machine.SoftI2C")
SoftSPI = NotSimulated("machine.SoftSPI")
UART = NotSimulated("machine.UART")
USBDevice = NotSimulated("machine.USBDevice")
bitstream = NotSimulated("machine.bitstream")
dht_readinto = NotSimulated("machine.dht_readinto")
mem8 = NotSimulated("machine.mem8")
mem16 = NotSimulated("machine.mem16")
mem32 = NotSimulated("machine.mem32")

_timers = {}
_last_timer = [0]


def _fire(number):
    timer = _timers.get(number)
    if timer:
        if timer._mode == Timer.ONE_SHOT:
            del _timers[number]
        if timer._callback:
            try:
                timer._callback(timer)
            except BaseException as e:
                # As the scheduler does, whose frames would be C code.
                sys.print_exception(e)


class Timer:
    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, id=-1, **options):
        if id != -1:
            raise ValueError("Timer doesn't exist")
        _last_timer[0] += 1
        self._number = _last_timer[0]
        if options:
            self.init(**options)

    def init(self, *, mode=PERIODIC, callback=None, period=-1, tick_hz=1000, freq=None, hard=False):
        self._mode = mode
        self._callback = callback
        us = period * 1000000 // tick_hz if freq is None else int(1000000 / freq)
        if us <= 0:
            raise ValueError("period must be positive")
        _timers[self._number] = self
        _call("timer.start %d %d %d %d" % (self._number, us, mode, id(_fire)))

    def deinit(self):
        _timers.pop(self._number, None)
        _call("timer.stop %d" % self._number)
