# The REPL: friendly, paste, raw and raw paste, as pyexec.c and readline.c of MicroPython's shared/ do it.
import gc
import sys

import _hal

_BANNER = (
    b'MicroPython %s; Raspberry Pi Pico W with RP2040\r\nType "help()" for more information.\r\n'
    % _hal.firmware.encode()
)
_RAW_BANNER = b"raw REPL; CTRL-B to exit\r\n"
_WINDOW = 128
_COMPOUND = ("if", "while", "for", "try", "with", "def", "class", "async")


def _write(data):
    _hal.call("usb.write", data)


def _read(size=256):
    # At least one byte; ends behind a control character Ctrl-A to Ctrl-E, so nothing of the next command is taken.
    return _hal.call("usb.read %d" % size)


def soft_reset(mode="soft"):
    _write(b"MPY: soft reboot\r\n")
    _hal.call("soft_reset " + mode)


def _execute(source, name, mode, print_error):
    # Returns False when the code asked for a soft reset.
    import __main__

    interrupt = KeyboardInterrupt()
    try:
        code = compile(source, name, mode)
        source = None
        _hal.call("interrupt.arm %d" % id(interrupt))
        exec(code, __main__.__dict__)
    except SystemExit:
        return False
    except BaseException as e:
        _hal.call("interrupt.disarm")
        print_error(e)
    finally:
        _hal.call("interrupt.disarm")
    return True


def _raw_error(e):
    _write(b"\x04")
    _error_written[0] = True
    sys.print_exception(e)


_error_written = [False]


def _read_raw_paste():
    # The source sent with flow control; None when the host gave up.
    _write(b"R\x01" + bytes((_WINDOW & 255, _WINDOW >> 8)) + b"\x01")
    parts = []
    credit = 0
    while True:
        data = _read(_WINDOW)
        end = data[-1]
        if end == 4:
            parts.append(data[:-1])
            _write(b"\x04")
            return b"".join(parts)
        if end == 3:
            _write(b"\x04")
            return None
        parts.append(data)
        credit += len(data)
        if credit >= _WINDOW:
            _write(b"\x01" * (credit // _WINDOW))
            credit %= _WINDOW


def _run_raw(source):
    _error_written[0] = False
    ok = _execute(source, "<stdin>", "exec", _raw_error)
    _write(b"\x04" if _error_written[0] else b"\x04\x04")
    return ok


def _raw():
    # Returns when the host asks for the friendly REPL.
    _write(_RAW_BANNER)
    line = b""
    _write(b">")
    while True:
        data = _read()
        c = data[-1]
        if c > 5 or c == 0:
            line += data
            continue
        line += data[:-1]
        if c == 1:
            if line == b"\x05A":
                source = _read_raw_paste()
                if source is not None and not _run_raw(source):
                    soft_reset("raw")
                _write(b">")
            else:
                _write(_RAW_BANNER + b">")
            line = b""
        elif c == 2:
            _write(b"\r\n")
            return
        elif c == 3:
            line = b""
        elif c == 5:
            line += b"\x05"
        else:
            source, line = line, b""
            _write(b"OK")
            if not source:
                _write(b"\r\n")
                soft_reset("raw")
            if not _run_raw(source):
                soft_reset("raw")
            _write(b">")


def _open_brackets(text):
    # How many brackets are open at the end, -1 inside a triple-quoted string; strings and comments are skipped.
    depth = 0
    i = 0
    while i < len(text):
        c = text[i]
        if c in "'\"":
            quote = c * 3 if text[i : i + 3] == c * 3 else c
            i += len(quote)
            while i < len(text) and text[i : i + len(quote)] != quote:
                i += 2 if text[i] == "\\" else 1
            if i >= len(text):
                return -1 if len(quote) == 3 else depth
            i += len(quote)
            continue
        if c == "#":
            while i < len(text) and text[i] != "\n":
                i += 1
            continue
        if c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        i += 1
    return depth


def _incomplete(text):
    # Whether a statement goes on in the next line.
    if text.rstrip().endswith("\\") or _open_brackets(text) != 0:
        return True
    # Compound statements end with an empty line, as py/repl.c has it, and those on one line too.
    lines = text.split("\n")
    word = ""
    for c in lines[0]:
        if not ("a" <= c <= "z"):
            break
        word += c
    if word in _COMPOUND or lines[0].startswith("@"):
        return bool(lines[-1].strip()) or len(lines) == 1
    return False


def _paste():
    _write(b"\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== ")
    text = b""
    while True:
        data = _read()
        c = data[-1]
        body = data[:-1] if 1 <= c <= 5 else data
        text += body
        _write(body.replace(b"\r", b"\r\n=== "))
        if c == 3:
            _write(b"\r\n")
            return True
        if c == 4:
            _write(b"\r\n")
            return _execute(text.replace(b"\r", b"\n"), "<stdin>", "exec", sys.print_exception)


def _friendly():
    # Returns when the host asks for the raw REPL.
    _write(_BANNER)
    text = ""
    line = ""
    escape = b""
    _write(b">>> ")
    while True:
        for c in _read():
            if escape:
                # What a cursor key sends ends with a letter or a tilde.
                escape += bytes((c,))
                if not 48 <= c <= 59 and not (len(escape) == 2 and c in (79, 91)):
                    escape = b""
            elif c == 27:
                escape = b"\x1b"
            elif c == 1 and not text and not line:
                _write(b"\r\n")
                return
            elif c == 2 and not text and not line:
                _write(b"\r\n" + _BANNER + b">>> ")
            elif c == 3:
                text = line = ""
                _write(b"\r\n>>> ")
            elif c == 4 and not line and not text:
                _write(b"\r\n")
                soft_reset()
            elif c == 5 and not text and not line:
                if not _paste():
                    soft_reset()
                _write(b">>> ")
            elif c in (8, 127):
                if line:
                    line = line[:-1]
                    _write(b"\x08\x1b[K")
            elif c == 13:
                _write(b"\r\n")
                text = text + "\n" + line if text else line
                line = ""
                if _incomplete(text):
                    _write(b"... ")
                    continue
                if text.strip() and not _execute(text, "<stdin>", "single", sys.print_exception):
                    soft_reset()
                text = ""
                _write(b">>> ")
            elif 32 <= c <= 126 or c == 9:
                # All else is ignored, a line feed and every byte of a non-ASCII character too: see readline.c.
                line += chr(c)
                _write(bytes((c,)))


def loop(raw=False):
    while True:
        gc.collect()
        if raw:
            _raw()
        _friendly()
        raw = True
