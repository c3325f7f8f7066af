"""Every app, with three clients, fits in a Pico W's heap. `pytest -s tests/virtual/test_heap.py` prints its usage."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hil.config.app import FirmwareCatalog
from hil.config.rig_file import Role, WifiConfig
from hil.virtual.bench.bench import VirtualBench
from hil.virtual.bench.pico import VirtualPico
from tests.virtual.conftest import Terminal

LIMIT_KB = 190
CATALOG = FirmwareCatalog([Path(__file__).parents[2] / "firmware"])
SAMPLER = """
import gc, machine
def _sample(_):
    gc.collect()
    print("heap %d" % gc.mem_alloc())
machine.Timer(period=500, callback=_sample)
"""
"""Runs before main.py, and then concurrently: prints the heap in use without garbage."""


def install(pico: VirtualPico, image: dict[str, bytes]) -> None:
    pico.flash.install({**image, "boot.py": SAMPLER.encode()})


def boards(bench: VirtualBench, app: str, wifi: WifiConfig) -> Iterator[tuple[Role, Terminal]]:
    roles: dict[str, Role] = {"A": "ap", "B": "client", "C": "client", "D": "client"}
    for name, role in roles.items():
        install(bench.boards[name], CATALOG.load(app).image(role, wifi))
        yield role, Terminal(bench, name)


@pytest.mark.parametrize("app", CATALOG.names)
def test_app_fits_in_the_heap_of_a_pico_w(app: str, open_bench: Callable[..., VirtualBench]) -> None:
    bench = open_bench(4)
    (_, ap), *clients = powered = list(boards(bench, app, WifiConfig(ssid="PicoAP", password="pico1234")))
    ap.power(True)
    ap.sleep(20)  # first_boot: a lone board has become the AP by then
    for _, client in clients:
        client.power(True)
    ap.sleep(40)
    most: dict[str, int] = {}
    for role, board in powered:
        samples = [int(used) for used in re.findall(r"^heap (\d+)\r?$", board.output, re.MULTILINE)]
        assert len(samples) > 60, board.output[-500:]
        assert "joined ip=" in board.output or role == "ap"
        most[role] = max(most.get(role, 0), *samples)
    print(f"\n{app}: " + ", ".join(f"{role} {used / 1024:.1f} KB" for role, used in most.items()))
    assert max(most.values()) < LIMIT_KB * 1024
