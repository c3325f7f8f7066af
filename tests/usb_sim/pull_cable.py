"""Runs on the simulated machine: disconnects and reconnects the USB cable of a board whose program continues.

``python -m tests.usb_sim.pull_cable CONTROL RIG`` prints the link entries of the timeline.
"""

import os
import re
import sys
from contextlib import closing
from pathlib import Path

from hil.config.rig import load_rig
from hil.rig import Rig, open_bench
from hil.serve.client import ask

WITHIN_S = 20
PROGRAM = "import time\nn = 0\nwhile True:\n n += 1\n print('count', n)\n time.sleep(0.5)\n"
COUNT = re.compile(r"count (\d+)")


def main(control: str, rig_file: str) -> None:
    """Disconnect and reconnect the cable of board B. Its console then continues with the same run of the program."""
    config = load_rig(Path(rig_file), os.environ)
    bench = open_bench(config)
    with closing(Rig(config, bench)) as rig:
        board, link = rig.boards["B"], bench.link("B")
        with board.repl() as repl:
            repl.exec(f"with open('main.py', 'w') as f: f.write({PROGRAM!r})")
        board.power.cycle()
        before = int(board.console.expect(COUNT, within=WITHIN_S)[1])
        ask(control, "unplug B")
        assert rig.clock.wait(lambda: not link.is_connected, WITHIN_S)
        mark = board.console.mark()
        ask(control, "plug-in B")
        assert rig.clock.wait(lambda: link.is_connected, WITHIN_S)
        after = int(board.console.expect(COUNT, within=WITHIN_S, since=mark)[1])
        for entry in rig.timeline.entries():
            if entry.source == "B" and entry.kind == "link":
                print(entry.text)
        print(f"before={before} after={after}")


if __name__ == "__main__":
    main(*sys.argv[1:])
