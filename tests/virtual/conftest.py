"""A virtual board on a bench, with a terminal on its serial port."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hil.config.rig import load_rig
from hil.virtual.bench.bench import VirtualBench
from hil.virtual.bench.pico import VirtualPico


class Terminal:
    """A terminal on one board: collects its output, sends input, and switches its power."""

    def __init__(self, bench: VirtualBench, board: str) -> None:
        self.bench = bench
        self.board = board
        self.output = ""
        self.connections = 0
        self._link = bench.link(board)
        self._link.start(self)

    def connected(self, time_s: float, missed: str = "") -> None:
        self.connections += 1

    def disconnected(self, time_s: float) -> None:
        pass

    def received(self, time_s: float, data: bytes) -> None:
        self.output += data.decode(errors="backslashreplace")

    @property
    def pico(self) -> VirtualPico:
        return self.bench.boards[self.board]

    @property
    def connected_now(self) -> bool:
        return self._link.is_connected

    def power(self, on: bool) -> None:
        port = self.bench.power_port(self.board)
        if on:
            port.on()
        else:
            port.off()

    def boot(self, main: str = "", boot: str = "") -> None:
        """Power on with these files, and wait 5 s or until the first prompt."""
        if main:
            self.pico.flash.replace("/main.py", main.encode())
        if boot:
            self.pico.flash.replace("/boot.py", boot.encode())
        self.power(True)
        self.wait(lambda: self.output.endswith(">>> "), 5)

    def wait(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        return self.bench.clock.wait(condition, timeout_s)

    def sleep(self, duration_s: float) -> None:
        self.bench.clock.sleep(duration_s)

    def type(self, text: str, answer_s: float = 0.5) -> str:
        """Send input, and return the output of the next ``answer_s``."""
        before = len(self.output)
        self._link.write(text.encode())
        self.sleep(answer_s)
        return self.output[before:]

    def run(self, line: str, answer_s: float = 0.5) -> str:
        """Send one line at the prompt. Returns the output without echo and prompt."""
        answer = self.type(line + "\r", answer_s)
        return answer.removeprefix(line + "\r\n").removesuffix(">>> ").replace("\r\n", "\n").rstrip("\n")


@pytest.fixture
def open_bench(tmp_path: Path) -> Iterator[Callable[..., VirtualBench]]:
    """Builds benches with the given number of boards (A, B, …)."""
    opened = []

    def build(boards: int = 1, seed: int = 1) -> VirtualBench:
        rig = tmp_path / "rig.yaml"
        names = [chr(ord("A") + index) for index in range(boards)]
        rig.write_text(
            f"rig: test\nwifi: {{ssid: PicoAP, password: pico1234}}\nvirtual: {{seed: {seed}}}\n"
            f"hubs: {{main: {{driver: virtual, ports: {boards}}}}}\nboards:\n"
            + "".join(f"  {name}: {{power: main/{index + 1}}}\n" for index, name in enumerate(names))
        )
        opened.append(VirtualBench(load_rig(rig, {})))
        return opened[-1]

    yield build
    for bench in opened:
        bench.close()


@pytest.fixture
def terminal(open_bench: Callable[..., VirtualBench]) -> Terminal:
    """A terminal on a board that is off."""
    return Terminal(open_bench(), "A")
