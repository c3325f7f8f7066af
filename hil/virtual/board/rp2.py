# Module rp2: what makes sense without the chip's programmable I/O.


def country(code=None):
    import network

    return network.country() if code is None else network.country(code)


def bootsel_button():
    return 0


class _NotSimulated:
    def __init__(self, *args, **kwargs):
        raise NotImplementedError("the virtual board has no programmable I/O")


class PIO(_NotSimulated):
    pass


class StateMachine(_NotSimulated):
    pass


class DMA(_NotSimulated):
    pass


def asm_pio(**kwargs):
    raise NotImplementedError("the virtual board has no programmable I/O")
