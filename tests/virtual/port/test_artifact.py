import hashlib
import re

import pytest

from hil.virtual.port.image import artifact
from vm.port.build import ARTIFACTS
from vm.port.releases import LIBRARIES, RELEASES


@pytest.mark.parametrize("release", RELEASES)
def test_the_artifact_is_what_its_checksum_says(release: str) -> None:
    lines = (ARTIFACTS / f"micropython-{release}.wasm.sha256").read_text().splitlines()
    sources = (RELEASES[release].micropython, *LIBRARIES.values())
    assert lines[:-1] == [f"{source.sha256}  {source.file}" for source in sources]
    assert lines[-1] == f"{hashlib.sha256(artifact(release)).hexdigest()}  micropython-{release}.wasm"


@pytest.mark.parametrize("release", RELEASES)
def test_the_licences_of_all_that_is_inside_are_beside_it(release: str) -> None:
    text = (ARTIFACTS / f"micropython-{release}.LICENCES").read_text()
    assert len(re.findall("copyright", text, re.IGNORECASE)) > 10


@pytest.mark.parametrize("release", RELEASES)
def test_it_is_small(release: str) -> None:
    assert len(artifact(release)) < 1_200_000
