from pathlib import Path

import pytest

from tests.power.stand_ins import Uhubctl


@pytest.fixture
def uhubctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Uhubctl:
    """A stand-in for uhubctl, first on PATH, that switches hubs kept in a file."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return Uhubctl(tmp_path)
