"""Fixtures of the framework's own tests."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from hil.config.rig import RigConfig, load_rig
from hil.rig import Rig
from hil.virtual.bench.bench import VirtualBench

IN_REAL_TIME = ("tests/usb_sim/", "tests/soak/", "tests/serve/", "test_browser.py", "test_console.py", "test_live.py")
"""Parts of the paths of files whose tests mostly wait for programs and devices."""

THREE_BOARDS = """\
rig: three
wifi: {ssid: PicoAP, password: pico1234}
hubs:
  main: {driver: virtual, ports: 3}
boards:
  A: {power: main/1}
  B: {power: main/2}
  C: {power: main/3}
"""


def pytest_configure() -> None:
    """Restore Ctrl-C, which some tests use: a shell makes programs that it starts in the background ignore it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread files whose tests wait in real time over the run, so that others use the processor meanwhile."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    waiting = [path for path in files if any(part in path.as_posix() for part in IN_REAL_TIME)]
    computing = [path for path in files if path not in waiting]
    # The longest first, so that the run does not end waiting for it alone.
    waiting.sort(key=lambda path: "usb_sim" not in path.parts)
    share = len(computing) / (len(waiting) or 1)
    places = {path: number * share for number, path in enumerate(waiting)}
    places |= {path: number + 0.5 for number, path in enumerate(computing)}
    items[:] = [item for path in sorted(files, key=places.__getitem__) for item in files[path]]


@pytest.fixture
def three_boards(tmp_path: Path) -> RigConfig:
    """A virtual rig with the AP A and the clients B and C."""
    path = tmp_path / "three.yaml"
    path.write_text(THREE_BOARDS)
    return load_rig(path, {})


@pytest.fixture
def virtual_bench(three_boards: RigConfig) -> VirtualBench:
    """The bench below ``virtual_rig``, to inspect and manipulate boards directly."""
    return VirtualBench(three_boards)


@pytest.fixture
def virtual_rig(three_boards: RigConfig, virtual_bench: VirtualBench) -> Iterator[Rig]:
    """A rig of three boards, all off and with nothing on their flash."""
    rig = Rig(three_boards, virtual_bench)
    yield rig
    rig.close()


@pytest.fixture(scope="session")
def users_cache() -> Path:
    """The user's cache folder, which has the compiled interpreter, for tests with another home."""
    return user_cache_path()


@pytest.fixture
def pytester(users_cache: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """pytest's fixture, which gives each test an empty home, with the user's cache so that nothing is compiled again.

    Plugins that cost up to a second per run and are irrelevant here are left out.
    """
    monkeypatch.setenv("XDG_CACHE_HOME", str(users_cache))
    left_out = ("hypothesispytest", "allure_pytest", "unraisableexception")
    monkeypatch.setenv("PYTEST_ADDOPTS", " ".join(f"-p no:{plugin}" for plugin in left_out))
    return pytester
