# First code on a virtual board, as the C start-up of the rp2 port. hil/virtual/bench/pico.py starts it with run(mode).
import errno
import gc
import io
import sys

import _hal

_rom = "/.frozen"


def _renumber_errnos():
    words = []
    for name in dir(errno):
        if name[0] == "E":
            words.append("%s %d" % (name, getattr(errno, name)))
    _hal.call("errnos %d %d %s" % (id(errno.errorcode), id(errno.__dict__), " ".join(words)))


def print_exception(e, file=None):
    # Frames of the simulated hardware would be C code on a Pico W, which has none.
    text = io.StringIO()
    _sys.print_exception(e, text)
    for line in text.getvalue().split("\n")[:-1]:
        if '"%s/' % _rom not in line and 'File "<string>"' not in line:
            print(line, file=file or _sys.stdout)


def run_file(name):
    # Returns False when the program asked for a soft reset, as sys.exit() does.
    import __main__

    try:
        file = open(name)
    except OSError:
        return True
    interrupt = KeyboardInterrupt()
    try:
        source = file.read()
        file.close()
        code = compile(source, name, "exec")
        del source
        _hal.call("interrupt.arm %d" % id(interrupt))
        exec(code, __main__.__dict__)
        return True
    except SystemExit:
        return False
    except BaseException as e:
        print_exception(e)
        return True
    finally:
        _hal.call("interrupt.disarm")


def run(mode, firmware, version):
    # firmware: what the banner calls it; version: the same as sys.implementation has it.
    global _sys
    _sys = sys
    _hal.firmware = firmware
    _hal.version = version
    _renumber_errnos()
    import _micropython
    import _sys_rp2
    import _umachine
    import _uos
    import _uselect
    import _utime

    _sys_rp2.print_exception = print_exception
    sys.modules["sys"] = sys.modules["usys"] = _sys_rp2
    sys.modules["micropython"] = _micropython
    # The interpreter takes a u off a name before it looks for files, and would give out its own modules.
    sys.modules["umachine"] = _umachine
    sys.modules["uos"] = _uos
    sys.modules["uselect"] = _uselect
    sys.modules["utime"] = _utime
    sys.path[:] = ["", ".frozen", "/lib", _rom]
    import __main__

    __main__.__dict__.pop("_boot", None)
    import _repl

    gc.collect()
    ok = run_file("boot.py")
    _hal.call("usb.attach")
    if mode == "raw":
        _repl.loop(raw=True)
    elif ok and run_file("main.py"):
        _repl.loop()
    _repl.soft_reset()
