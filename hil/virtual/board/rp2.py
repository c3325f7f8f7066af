# Module rp2: what makes sense without the chip's programmable I/O.
from _not_simulated import NotSimulated


def country(code=None):
    import network

    return network.country() if code is None else network.country(code)


def bootsel_button():
    return 0


DMA = NotSimulated("rp2.DMA")
Flash = NotSimulated("rp2.Flash")
PIO = NotSimulated("rp2.PIO")
StateMachine = NotSimulated("rp2.StateMachine")
asm_pio = NotSimulated("rp2.asm_pio")
asm_pio_encode = NotSimulated("rp2.asm_pio_encode")
