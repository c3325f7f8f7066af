"""Problems that prevent a release. `make dist` checks that the built files work."""

from pathlib import Path

import pytest

from tools.check_dist import ROOT, file_problems, version_problems

PYPROJECT = '[project]\nname = "pico-hil"\nversion = "1.2.0"\n'
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2027-01-31\n\n- New.\n\n## [1.1.0] - 2027-01-01\n"


@pytest.mark.parametrize(
    ("tag", "changelog", "expected"),
    [
        ("", CHANGELOG, []),
        ("v1.2.0", CHANGELOG, []),
        (
            "v1.3.0",
            CHANGELOG,
            ["tag v1.3.0 is not version 1.2.0 of pyproject.toml; tag v1.2.0, or change the version first"],
        ),
        (
            "1.2.0",
            CHANGELOG,
            ["tag 1.2.0 is not version 1.2.0 of pyproject.toml; tag v1.2.0, or change the version first"],
        ),
        (
            "",
            CHANGELOG.replace("1.2.0", "1.2.1"),
            ["CHANGELOG.md has no line `## [1.2.0] - YYYY-MM-DD`; begin the version's section with it"],
        ),
        (
            "",
            CHANGELOG.replace(" - 2027-01-31", ""),
            ["CHANGELOG.md has no line `## [1.2.0] - YYYY-MM-DD`; begin the version's section with it"],
        ),
        ("", CHANGELOG.replace("Unreleased]\n", "Unreleased]\n\n- More.\n"), []),
        (
            "v1.2.0",
            CHANGELOG.replace("Unreleased]\n", "Unreleased]\n\n- More.\n"),
            ["CHANGELOG.md has entries under `## [Unreleased]`; move them to the section of 1.2.0"],
        ),
    ],
)
def test_version(tag: str, changelog: str, expected: list[str]) -> None:
    assert list(version_problems(PYPROJECT, changelog, tag)) == expected


def test_the_changelog_has_the_version_of_this_project() -> None:
    pyproject, changelog = ((ROOT / name).read_text() for name in ("pyproject.toml", "CHANGELOG.md"))
    assert list(version_problems(pyproject, changelog, "")) == []


def test_files_of_another_version_and_none_at_all(tmp_path: Path) -> None:
    expected = "expected pico_hil-1.2.0-py3-none-any.whl and pico_hil-1.2.0.tar.gz"
    assert list(file_problems(tmp_path, "1.2.0")) == [f"{tmp_path} has nothing; {expected}"]
    (tmp_path / "pico_hil-1.1.0.tar.gz").touch()
    assert list(file_problems(tmp_path, "1.2.0")) == [f"{tmp_path} has pico_hil-1.1.0.tar.gz; {expected}"]
