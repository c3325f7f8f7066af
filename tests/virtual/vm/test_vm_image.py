"""The cache of the compiled interpreter: boards boot whatever it contains."""

from importlib.resources import files
from pathlib import Path

import pytest

from hil.virtual.vm.vm_image import VmImage, cache_file


def test_an_unusable_cache_is_not_an_error_and_nothing_is_left_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    in_its_place = cache_file((files("hil.virtual") / "wasm" / "micropython.wasm").read_bytes())
    in_its_place.mkdir(parents=True)
    assert "host_call" in VmImage(lambda *_: None).imports
    assert [*in_its_place.parent.iterdir()] == [in_its_place]
