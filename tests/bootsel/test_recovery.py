"""The images of `recovery.uf2`: one for each type of board in the rig, checked when the rig is opened."""

from pathlib import Path

import pytest

from hil.bootsel.recovery import recovery_images
from hil.config.board_types.pico2_w import PICO2_W
from hil.config.board_types.pico_w import PICO_W
from hil.config.rig import RigConfig, load_rig
from hil.errors import ConfigError
from hil.rig import Rig
from hil.virtual.bench.bench import VirtualBench
from tests.bootsel.uf2_writer import RP2350_ARM_S, micropython

RIG = """\
rig: mixed
wifi: {ssid: PicoAP, password: pico1234}
recovery:
  uf2: new.uf2
hubs: {main: {driver: virtual, ports: 3}}
boards:
  A: {power: main/1}
  B: {power: main/2, type: pico2-w}
  C: {power: main/3, type: pico2-w}
"""


def load(folder: Path, image: bytes) -> RigConfig:
    (folder / "rig.yaml").write_text(RIG)
    (folder / "new.uf2").write_bytes(image)
    return load_rig(folder / "rig.yaml", {})


def test_a_universal_file_has_an_image_for_every_type(tmp_path: Path) -> None:
    images = recovery_images(load(tmp_path, micropython() + micropython(family=RP2350_ARM_S)))
    assert {board_type: image.family.name for board_type, image in images.items()} == {
        PICO_W: "rp2040",
        PICO2_W: "rp2350-arm-s",
    }


def test_a_file_that_does_not_fit_one_type_is_an_error_with_its_line(tmp_path: Path) -> None:
    config = load(tmp_path, micropython())
    bench = VirtualBench(config)
    with pytest.raises(ConfigError) as caught:
        Rig(config, bench)
    bench.close()
    assert str(caught.value).startswith(
        f"{tmp_path}/rig.yaml:4: recovery.uf2 cannot recover board B (type pico2-w): {tmp_path}/new.uf2: is of family "
        "0xe48bff56 (RP2040); a Pico 2 W needs "
    )


def test_a_rig_without_a_file_has_no_images(three_boards: RigConfig) -> None:
    assert recovery_images(three_boards) == {}
