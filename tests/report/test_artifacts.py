import json
from pathlib import Path

import pytest

from hil.bench.sniffer import Frame
from hil.events import Timeline
from hil.report.artifact import RecordedTest
from hil.report.artifacts import MAX_NAME_LENGTH, all_artifacts, artifacts_of, folder_name, write_artifacts
from hil.report.measurements import Measurement
from hil.report.recording import Recording
from hil.report.redaction import Redactor
from hil.virtual.bench.clock import VirtualClock
from hil.virtual.world import World


def test_plain_node_ids_stay_readable() -> None:
    assert (
        folder_name("testplans/test_roles.py::TestOrder::test_x[3-a]") == "testplans.test_roles.TestOrder.test_x[3-a]"
    )


@pytest.mark.parametrize(
    "nodeid",
    [
        "testplans/test_a.py::test_x[../../etc/passwd]",
        "testplans/test_a.py::test_x[a b\n$(c)\0;*?]",
        "testplans/test_a.py::test_x[" + "long" * 200 + "]",
        "../test_a.py::test_x",
        "testplans/test_a.py::test_ä",
    ],
)
def test_hostile_node_ids_become_one_plain_folder(nodeid: str, tmp_path: Path) -> None:
    name = folder_name(nodeid)
    assert len(name) <= MAX_NAME_LENGTH + 9
    assert not name.startswith(".")
    (tmp_path / name).mkdir()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_names_with_replaced_characters_do_not_collide() -> None:
    assert folder_name("a.py::t[x y]") != folder_name("a.py::t[x_y]") != folder_name("a.py::t[x/y]")


def test_files_hold_this_test_alone_timed_from_its_start_and_no_secret(tmp_path: Path) -> None:
    world = World(seed=1)
    clock, timeline = VirtualClock(world), Timeline()
    timeline.add(0.5, "A", "serial", "an earlier test")
    clock.sleep(100.1)
    recording = Recording(clock, timeline)
    timeline.add(clock.now(), "A", "deploy", "prepared")
    clock.sleep(1.5)
    timeline.begin(clock.now())
    recording.omit_preparation()
    timeline.add(clock.now() + 0.25, "B", "serial", "key hush-hush")
    timeline.add(clock.now() + 0.125, "A", "power", "on")
    timeline.add(clock.now() + 0.5, "A", "serial", "boot app=roles")
    folder = tmp_path / "results" / "one"

    measured = Measurement(name="join hush-hush", value=2.5, limit=15, unit="s")
    test = RecordedTest("key hush-hush", ["A", "B", "C"], recording, [measured], "passed", Redactor(["hush-hush"]))
    write_artifacts(folder, artifacts_of(test, all_artifacts()))

    assert (folder / "A.log").read_bytes() == b"     0.500 boot app=roles\n"
    assert (folder / "B.log").read_bytes() == b"     0.250 key ***\n"
    assert (folder / "C.log").read_bytes() == b""
    assert (folder / "timeline.txt").read_text().splitlines() == [
        "     0.125 A power  on",
        "     0.250 B serial key ***",
        "     0.500 A serial boot app=roles",
    ]
    assert json.loads((folder / "measurements.json").read_text()) == [
        {"name": "join ***", "value": 2.5, "limit": 15, "unit": "s"}
    ]
    assert (folder / "measurements.csv").read_text().splitlines()[1:] == ["join ***,2.5,15,s,met"]
    assert all(b"hush-hush" not in path.read_bytes() for path in folder.iterdir())


def test_artifacts_of_an_earlier_run_are_removed(tmp_path: Path) -> None:
    (tmp_path / "air.pcap").write_bytes(b"of a bench with a sniffer")
    recording = Recording(VirtualClock(World(seed=1)), Timeline())
    for boards in (["A", "B"], ["A"]):
        test = RecordedTest("t", boards, recording, [], "passed", Redactor([]))
        write_artifacts(tmp_path, artifacts_of(test, all_artifacts()))
    files = ["A.log", "measurements.json", "timeline.svg", "timeline.txt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == files


class Air:
    """A sniffer that heard one frame."""

    def frames(self) -> list[Frame]:
        return [Frame(1.0, b"header key=hush-hush; trailer")]


def test_packets_have_no_secret() -> None:
    recording = Recording(VirtualClock(World(seed=1)), Timeline(), Air())
    test = RecordedTest("t", [], recording, [], "passed", Redactor(["hush-hush"]))
    [packets] = [file for file in artifacts_of(test, all_artifacts()) if file.file == "air.pcap"]
    assert b"header key=*********; trailer" in packets.content
