"""Which kind of probe a rig has: the one place that picks it."""

from collections.abc import Callable

from hil.bench.bench import Bench
from hil.board.power_sequencer import PowerSequencer
from hil.config.rig import RigConfig
from hil.config.rig_file import BoardProbeConfig, HostProbeConfig
from hil.power import PowerPort
from hil.probes import Probe


def make_probe(
    config: RigConfig, bench: Bench, power_port: Callable[[str], PowerPort], sequencer: PowerSequencer
) -> Probe | None:
    """The probe that the rig file asks for, at rest; None when it asks for none.

    One that is a board is switched by its ``power_port``, on when it is its turn.
    """
    ssid, key = config.wifi.ssid, config.wifi.password.get_secret_value()
    match config.probe:
        case BoardProbeConfig(board=board):
            from hil.probes.agent import BoardAgent
            from hil.probes.board import BoardProbe

            link, power, off_time_s = bench.link(board), power_port(board), config.power.off_time_s
            agent = BoardAgent(board, link, power, bench.clock, sequencer, off_time_s)
            return BoardProbe(agent, bench.clock, ssid, key)
        case HostProbeConfig(interface=interface):
            from hil.probes.host import HostProbe

            return HostProbe(interface, bench.clock, ssid, key)
        case _:
            return bench.probe()
