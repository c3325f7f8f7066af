"""Shows a person which board this is."""

import machine
import time


def blink(ready: str, period_ms: int) -> None:
    """Print ``ready``, then toggle the LED every ``period_ms`` until Ctrl-C."""
    led = machine.Pin("LED", machine.Pin.OUT)
    print(ready)
    try:
        while True:
            led.toggle()
            time.sleep_ms(period_ms)
    finally:
        led.off()
