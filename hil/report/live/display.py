"""The live status as a pytest plugin: when it is shown, where it is drawn, and how often."""

import os
import sys
import threading
from collections.abc import Generator, Mapping
from io import StringIO
from typing import TYPE_CHECKING, Any, TextIO, cast

import pytest
from rich.console import Console
from rich.text import Text

from hil.clock import MonotonicClock
from hil.report.live.panel import Overwriting, Panel
from hil.report.live.status import RigStatus
from hil.report.redaction import Redactor

if TYPE_CHECKING:
    from hil.rig import Rig

REDRAW_S = 0.125
"""Real seconds between two drawings: often enough to look live, rarely enough to cost a busy host almost nothing."""
_REST = 20
"""Seconds of rest after each second of drawing: drawing takes at most 5 % of the run."""
APPEARS_AFTER_S = 0.5
"""Real seconds after which a running test is shown: nothing flickers while quick tests pass."""


class LiveDisplay:
    """Draws while a test runs, in a thread of its own: it must also draw while the test waits."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._clock = MonotonicClock()
        self._panel: Panel | None = None
        self._streams: list[tuple[Any, str, Any]] = []
        self._colour = False
        self._status: RigStatus | None = None
        self._test: str | None = None
        self._began_s = 0.0
        self._is_paused = False
        self._is_over = False
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    # Last: a plugin that replaces pytest's reporter has done so by then.
    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Begin, if a person looks at the terminal."""
        config = session.config
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None or not is_wanted(config, reporter, os.environ):
            return
        writer = config.get_terminal_writer()
        terminal: TextIO = writer._file
        # pytest captures nothing at this moment. So this is the terminal, also later while a test's output is captured.
        own = os.fdopen(os.dup(terminal.fileno()), "w", encoding=terminal.encoding, errors="replace")
        self._panel = panel = Panel(own)
        self._colour = writer.hasmarkup
        # pytest has no hook that is called before it writes.
        self._make_way(writer, "_file")
        if config.getoption("capture") == "no":
            self._make_way(sys, "stdout")
            self._make_way(sys, "stderr")
        self._thread = threading.Thread(target=self._draw, args=(panel,), name="hil-live", daemon=True)
        self._thread.start()

    def _make_way(self, owner: Any, name: str) -> None:
        assert self._panel is not None
        stream: TextIO = getattr(owner, name)
        if stream.isatty():
            self._streams.append((owner, name, stream))
            setattr(owner, name, cast("TextIO", Overwriting(stream, self._panel)))

    def pytest_unconfigure(self) -> None:
        """Restore the streams, and remove what is drawn."""
        self._stop()
        for owner, name, stream in self._streams:
            setattr(owner, name, stream)
        self._streams.clear()
        if self._panel is not None:
            self._panel.close()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self) -> Generator[None, Any, Any]:
        """Take the rig when its fixture opens it."""
        value = yield
        if self._status is None and self._thread is not None:
            from hil.rig import Rig

            if isinstance(value, Rig):
                self._take(value)
        return value

    def _take(self, rig: "Rig") -> None:
        with self._lock:
            self._status = RigStatus(rig, self._redactor)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test begins."""
        with self._lock:
            if self._status is not None:
                self._status.begin_test()
            self._began_s = self._clock.now()
            self._test = nodeid
            self._is_paused = False

    def pytest_runtest_logfinish(self) -> None:
        """Remove the drawing of a test that has ended."""
        self._pause()

    def pytest_enter_pdb(self) -> None:
        """Draw nothing while a debugger uses the terminal."""
        self._pause()

    def pytest_leave_pdb(self) -> None:
        """The test goes on."""
        self._is_paused = False

    # First: others write what they have to say at the end.
    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Remove the drawing: after Ctrl-C pytest calls no hook at the end of the test."""
        self._pause()
        self._stop()

    def _pause(self) -> None:
        with self._lock:
            self._is_paused = True
            if self._panel is not None:
                self._panel.erase()

    def _stop(self) -> None:
        self._is_over = True
        self._clock.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _draw(self, panel: Panel) -> None:
        rest_s = REDRAW_S
        while not self._clock.wait(lambda: self._is_over, rest_s):
            began_s = self._clock.now()
            with self._lock:
                if self._test is not None and not self._is_paused and began_s - self._began_s >= APPEARS_AFTER_S:
                    panel.show(self._lines(self._test, panel))
            rest_s = max(REDRAW_S, _REST * (self._clock.now() - began_s))

    def _lines(self, test: str, panel: Panel) -> list[str]:
        text = StringIO()
        console = Console(
            file=text,
            width=panel.columns,
            force_terminal=True,
            color_system="standard" if self._colour else None,
            legacy_windows=False,
        )
        if self._status is None:
            console.print(Text(self._redactor.redact(test), style="bold", no_wrap=True, overflow="ellipsis"))
        else:
            console.print(self._status.render(test, panel.rows))
        return text.getvalue().splitlines()[: panel.rows]


def is_wanted(config: pytest.Config, reporter: Any, environ: Mapping[str, str]) -> bool:
    """Whether a person looks at the terminal that pytest writes to, and only pytest draws there."""
    return (
        # A boolean in pytest before 8.4, and since then an object that is true or false and can be called too.
        bool(reporter.isatty)
        # How other reporters draw on the terminal is unknown.
        and type(reporter).__module__ == "_pytest.terminal"
        and environ.get("TERM", "dumb") not in ("dumb", "unknown")
        # The same variables as pytest.
        and not any(environ.get(name) for name in ("CI", "BUILD_NUMBER"))
        # It writes to the terminal without pytest's reporter.
        and config.getoption("capture") != "tee-sys"
        # With xdist the boards are in other processes.
        and config.getoption("dist", "no") == "no"
    )
