"""Binary standard streams and mounted file systems on a board, which `mpremote mount` needs."""

from tests.virtual.conftest import Terminal

FILE_SYSTEM = """
import io, os
class Memory:
    def mount(self, readonly, mkfs): pass
    def umount(self): pass
    def chdir(self, path): pass
    def getcwd(self): return "/"
    def stat(self, path): return (0x8000, 0, 0, 0, 0, 0, 5, 0, 0, 0)
    def ilistdir(self, path): return iter([("inside", 0x8000, 0)])
    def open(self, path, mode): return io.BytesIO(b"in it")
os.mount(Memory(), "/mem")
open("/mem/inside").close()
print(list(os.ilistdir("/mem")), os.listdir("/mem"), os.stat("/mem/inside")[6], open("/mem/inside").read())
os.chdir("/mem")
print(list(os.ilistdir()), "inside" in os.listdir("/"), "main.py" in os.listdir("/"))
os.chdir("/")
os.umount("/mem")
print("mem" in os.listdir("/"))
"""


def test_standard_streams_have_buffers_that_do_not_change_bytes(terminal: Terminal) -> None:
    terminal.boot(main="import sys\nprint(sys.stdin.buffer.read(4))\nsys.stdout.buffer.write(b'a\\nb\\x00')\n")
    assert terminal.type("\r\n\x00\x01").startswith("b'\\r\\n\\x00\\x01'\r\na\nb\x00")


def test_number_of_bytes_of_a_write_can_be_given(terminal: Terminal) -> None:
    terminal.boot()
    assert terminal.run("import sys; n = sys.stdout.buffer.write(bytearray(b'abcd'), 2)") == "ab"


def test_read_into_waits_for_all_bytes_and_a_poll_for_the_first(terminal: Terminal) -> None:
    code = "import select, sys\np = select.poll()\np.register(sys.stdin.buffer, select.POLLIN)\n"
    code += "print(len(list(p.ipoll(100))))\nprint('now')\nprint(len(list(p.ipoll(5000))))\n"
    code += "b = bytearray(3)\nprint(sys.stdin.buffer.readinto(b), b)\n"
    terminal.boot(main=code)
    terminal.wait(lambda: "now" in terminal.output, 5)
    assert "0\r\nnow" in terminal.output
    assert terminal.type("x") == "1\r\n"
    assert terminal.type("yz").startswith("3 bytearray(b'xyz')")


def test_ctrl_c_is_an_ordinary_byte_while_interrupts_are_off(terminal: Terminal) -> None:
    code = (
        "import micropython, sys\nmicropython.kbd_intr(-1)\nprint(sys.stdin.buffer.read(2))\nmicropython.kbd_intr(3)\n"
    )
    terminal.boot(main=code + "print('on')\nsys.stdin.buffer.read(1)\n")
    assert terminal.type("\x03x").startswith("b'\\x03x'\r\non")
    assert "KeyboardInterrupt" in terminal.type("\x03")


def test_file_system_of_a_program_can_be_mounted(terminal: Terminal) -> None:
    terminal.boot(main=FILE_SYSTEM)
    listed = "[('inside', 32768, 0)]"
    assert terminal.output.splitlines()[:3] == [f"{listed} ['inside'] 5 b'in it'", f"{listed} False True", "False"]


def test_root_cannot_be_removed(terminal: Terminal) -> None:
    # As on a Pico W: https://github.com/micropython/micropython/issues/16845
    terminal.boot()
    assert "OSError: [Errno 1] EPERM" in terminal.run("import os; os.rmdir('/')")
