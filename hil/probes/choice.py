"""Which kind of probe a rig has: the one place that picks it."""

from hil.bench import Bench
from hil.config import BoardProbeConfig, HostProbeConfig, RigConfig
from hil.probes import Probe


def make_probe(config: RigConfig, bench: Bench) -> Probe | None:
    """The probe that the rig file asks for, at rest; None when it asks for none."""
    ssid, key = config.wifi.ssid, config.wifi.password.get_secret_value()
    match config.probe:
        case BoardProbeConfig(board=board):
            from hil.probes.agent import BoardAgent
            from hil.probes.board import BoardProbe

            link, power = bench.link(board), bench.power_port(board)
            agent = BoardAgent(board, link, power, bench.clock, config.power.off_time_s)
            return BoardProbe(agent, bench.clock, ssid, key)
        case HostProbeConfig(interface=interface):
            from hil.probes.host import HostProbe

            return HostProbe(interface, bench.clock, ssid, key)
        case _:
            return bench.probe()
