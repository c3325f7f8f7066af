"""Shows a person which board this is."""

import machine
import time


def blink(ready: str, period_ms: int, pin: str) -> None:
    """Print ``ready``, then toggle the LED on ``pin`` every ``period_ms`` until Ctrl-C."""
    led = machine.Pin(pin, machine.Pin.OUT)
    print(ready)
    try:
        while True:
            led.toggle()
            time.sleep_ms(period_ms)
    finally:
        led.off()
