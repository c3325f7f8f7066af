import pytest

from tests.virtual.port.bench import Board


def test_files_are_littlefs_in_flash(board: Board) -> None:
    assert (
        board.run(
            "import os\nf = open('/a', 'w')\nf.write('x' * 5000)\nf.close()\nos.mkdir('/d')\n"
            "print(sorted(os.listdir('/')), os.stat('/a')[6], os.statvfs('/')[:3])"
        )
        == "['a', 'd'] 5000 (4096, 4096, 212)\n"
    )


def test_files_outlive_a_power_cut(board: Board) -> None:
    board.run("f = open('/a', 'w')\nf.write('kept')\nf.close()")
    board.power_off()
    board.output.clear()
    board.power_on()
    board.until(b">>> ")
    board.enter_raw_repl()
    assert board.run("print(open('/a').read())") == "kept\n"


def test_a_power_cut_while_writing_leaves_the_old_file(board: Board) -> None:
    board.run("f = open('/a', 'w')\nf.write('old')\nf.close()")
    board.begin("while True:\n with open('/a', 'w') as f:\n  f.write('new' * 3000)")
    board.world.run(board.world.now_us + 30_000)
    board.power_off()
    board.output.clear()
    board.power_on()
    board.until(b">>> ")
    board.enter_raw_repl()
    assert board.run("print(open('/a').read()[:3] in ('old', 'new'))") == "True\n"


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("open('/nowhere')", "OSError: [Errno 2] ENOENT"),
        ("import os\nos.mkdir('/d')\nopen('/d')", "OSError: [Errno 21] EISDIR"),
        ("f = open('/a', 'w')\nf.seek(-5)", "OSError: [Errno 22] EINVAL"),
        ("f = open('/a', 'w')\nwhile True: f.write(bytes(4096))", "OSError: 28"),
    ],
)
def test_errors_are_those_of_littlefs(board: Board, source: str, error: str) -> None:
    assert board.run(source, 120).splitlines()[-1] == error


@pytest.mark.parametrize("kind", ["VfsLfs2", "VfsFat"])
def test_block_devices_in_ram(board: Board, kind: str) -> None:
    assert (
        board.run(
            f"""
import os
class Ram:
    def __init__(self): self.data = bytearray(512 * 100)
    def readblocks(self, n, buf, off=0): buf[:] = self.data[n * 512 + off:n * 512 + off + len(buf)]
    def writeblocks(self, n, buf, off=0): self.data[n * 512 + off:n * 512 + off + len(buf)] = buf
    def ioctl(self, op, arg): return {{4: 100, 5: 512, 6: 0}}.get(op)
ram = Ram()
os.{kind}.mkfs(ram)
os.mount(os.{kind}(ram), '/ram')
open('/ram/x', 'w').write('hello')
print(os.listdir('/ram'))
"""
        )
        == "['x']\n"
    )
