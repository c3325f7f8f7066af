"""Picks the kind of probe that a rig has."""

from hil.bench.bench import Bench
from hil.board.board import Board
from hil.board.supervisor import BoardSupervisor
from hil.config.rig import RigConfig
from hil.config.rig_file import BoardProbeConfig, HostProbeConfig
from hil.probes import Probe


def make_probe(config: RigConfig, bench: Bench, board: Board | None, supervisor: BoardSupervisor) -> Probe | None:
    """The probe that the rig file asks for, not yet started; None when it asks for none.

    ``board`` is the one that is the probe, if one is; ``supervisor`` recovers it.
    """
    ssid, key = config.wifi.ssid, config.wifi.password.get_secret_value()
    match config.probe:
        case BoardProbeConfig() if board is not None:
            from hil.probes.agent import BoardAgent
            from hil.probes.board import BoardProbe

            agent = BoardAgent(board, bench.link(board.name), supervisor, bench.clock, ssid=ssid, key=key)
            return BoardProbe(agent, bench.clock, ssid)
        case HostProbeConfig(interface=interface):
            from hil.probes.host import HostProbe

            return HostProbe(interface, bench.clock, ssid, key)
        case _:
            return bench.probe()
