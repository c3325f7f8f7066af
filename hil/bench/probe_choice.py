"""Makes the probe that a rig file asks for."""

from hil.bench.bench import Bench
from hil.board.board import Board
from hil.board.supervisor import BoardSupervisor
from hil.config.rig import RigConfig
from hil.probes import Probe
from hil.probes.section import ProbeBoard, ProbeSection, ProbeSite


def make_probe(config: RigConfig, bench: Bench, board: Board | None, supervisor: BoardSupervisor) -> Probe | None:
    """The probe that the rig file asks for, not yet started; None when it asks for none.

    ``board`` is the one that is the probe, if one is; ``supervisor`` recovers it.
    """
    if not isinstance(config.probe, ProbeSection):
        return None
    site = ProbeSite(
        clock=bench.clock,
        ssid=config.wifi.ssid,
        key=config.wifi.password.get_secret_value(),
        board=None if board is None else ProbeBoard(board, bench.link(board.name), supervisor),
        bench_probe=bench.probe,
    )
    return config.probe.probe(site)
