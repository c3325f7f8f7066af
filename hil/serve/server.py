"""The server: a virtual bench in real time, its boards behind ptys, its hubs behind a control socket."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType

from hil.clock import Clock
from hil.config.rig import RigConfig
from hil.serve.control import ControlSocket, RequestError
from hil.serve.file_watch import FileWatch
from hil.serve.folder import CONTROL, claimed_folder
from hil.serve.served_board import ServedBoard, ServedBoardState
from hil.virtual.bench.bench import VirtualBench
from hil.virtual.bench.pico import VirtualPico
from hil.virtual.realtime import RealTime

_READY_S = 5.0
"""Rig time. Boards are enumerated 1.6 s after power-on, unless boot.py hangs."""


class Server:
    """Serves the boards of a virtual rig in ``folder`` while :meth:`run` runs; :meth:`close` removes everything.

    Every hub port is on at the beginning. The boards run ``speed`` times as fast as ``clock``. Raises ``ConfigError``
    and ``BenchError`` for a folder that cannot be used, as :func:`hil.serve.folder.claimed_folder` does.
    """

    def __init__(self, config: RigConfig, folder: Path, clock: Clock, speed: float = 1.0) -> None:
        self.folder = folder
        self._stopped = False
        self._stack = ExitStack()
        with ExitStack() as stack:
            stack.enter_context(claimed_folder(folder, {wired.name: wired.type for wired in config.wired_boards}))
            self._bench = VirtualBench(config)
            stack.callback(self._bench.close)
            self._loop = RealTime(self._bench.world, clock, speed)
            stack.callback(self._loop.close)
            files = FileWatch()
            stack.callback(files.close)
            self._loop.watch(files.descriptor, files.dispatch)
            self._control = ControlSocket(
                folder / CONTROL,
                {
                    "boards": lambda _words: self._states(),
                    "power": self._switch,
                    "unplug": lambda words: self._pico(words).unplug_usb(),
                    "plug-in": lambda words: self._pico(words).replug_usb(),
                },
                self._states,
                self._loop,
            )
            stack.callback(self._control.close)
            self._boards = [
                ServedBoard(
                    folder,
                    wired,
                    self._bench.boards[wired.name],
                    self._bench.world,
                    self._loop,
                    files,
                    self._announce_change,
                )
                for wired in config.wired_boards
            ]
            for board in self._boards:
                stack.callback(board.close)
            for wired in config.wired_boards:
                self._bench.power_port(wired.name).on()
            self._stack = stack.pop_all()

    @property
    def boards(self) -> tuple[ServedBoardState, ...]:
        """The boards as they are now, in the order of the rig file."""
        return tuple(board.state for board in self._boards)

    def run(self, on_ready: Callable[[], None]) -> None:
        """Serve until :meth:`stop`. ``on_ready`` is called once, when the boards are enumerated or should be."""
        deadline = self._bench.clock.deadline(_READY_S)
        # An event of the world, so that the loop checks the deadline when it expires, even if nothing else happens.
        self._bench.world.after(round(_READY_S * 1_000_000) + 1, lambda: None)
        with self._stopping_on_signals():
            self._loop.run(
                lambda: self._stopped or deadline.expired or all(board.mode != "absent" for board in self.boards)
            )
            if not self._stopped:
                on_ready()
                self._loop.run(lambda: self._stopped)

    def stop(self) -> None:
        """End :meth:`run` after the current event."""
        self._stopped = True

    def close(self) -> None:
        """Cut all power and remove what was made in the folder."""
        self._stack.close()

    def _states(self) -> list[dict[str, object]]:
        return [asdict(state) for state in self.boards]

    def _announce_change(self, board: ServedBoard) -> None:
        self._control.announce({"changed": asdict(board.state)})

    def _switch(self, words: Sequence[str]) -> str:
        """``power HUB PORT [on|off]``: switch a port, or only query it. Returns the state afterwards."""
        hub = self._bench.hubs.get(words[0]) if words else None
        if hub is None:
            raise RequestError(f"`power` needs a hub: `power HUB PORT [on|off]`; hubs: {', '.join(self._bench.hubs)}")
        if len(words) < 2 or not words[1].isdecimal() or not 1 <= int(words[1]) <= hub.ports:
            raise RequestError(f"`power {hub.name}` needs a port, 1 to {hub.ports}")
        action = words[2] if len(words) > 2 else "state"
        if action not in ("on", "off", "state"):
            raise RequestError(f"{action!r} is not an action of a port; write on, off or state")
        if action != "state":
            hub.set_power(int(words[1]), action == "on")
        return "on" if hub.is_on(int(words[1])) else "off"

    def _pico(self, words: Sequence[str]) -> VirtualPico:
        """The board whose USB data lines a request disconnects or connects; its power stays on."""
        if len(words) != 1 or words[0] not in self._bench.boards:
            raise RequestError(f"name one board: {', '.join(self._bench.boards)}")
        return self._bench.boards[words[0]]

    @contextmanager
    def _stopping_on_signals(self) -> Iterator[None]:
        """Within this block Ctrl-C, a closed terminal and ``kill`` end :meth:`run` between two events."""
        woken, wake = os.pipe()
        os.set_blocking(wake, False)

        def stop(_number: int, _frame: FrameType | None) -> None:
            self.stop()

        # A signal is also written to the pipe, so that the wait for files ends.
        old_wake = signal.set_wakeup_fd(wake)
        old = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        self._loop.watch(woken, lambda: None)
        try:
            yield
        finally:
            for number, handler in old.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(old_wake)
            self._loop.unwatch(woken)
            os.close(woken)
            os.close(wake)
