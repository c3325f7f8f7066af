"""Extensions as users install them: examples from the docs, in a distribution of their own that pip need not build."""

import re
from collections.abc import Mapping
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def example(page: str, file: str) -> str:
    """The program of ``docs/PAGE`` whose first line is a comment with the name ``file``."""
    [source] = re.findall(rf"```python\n# {re.escape(file)}\n(.*?)```", _read(page), re.DOTALL)
    return str(source)


def install(folder: Path, package: str, group: str, entries: Mapping[str, str], module: str = "") -> Path:
    """Leave in ``folder`` what pip would: ``package`` with its ``entries`` of the entry-point group ``group``.

    ``module`` is the source of its only module, which is called as the package is, with underscores. Returns its path.
    The caller puts the folder on the path.
    """
    name = package.replace("-", "_")
    information = folder / f"{name}-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = "".join(f"{entry} = {value}\n" for entry, value in entries.items())
    (information / "entry_points.txt").write_text(f"[{group}]\n{lines}")
    path = folder / f"{name}.py"
    path.write_text(module)
    return path


def install_example(folder: Path, page: str, file: str, group: str) -> Path:
    """Install the program ``file`` of ``docs/PAGE``, registered as that page shows. Returns the path of the module."""
    header = rf'\[project\.entry-points\."?{re.escape(group)}"?\]'
    [block] = re.findall(rf"```toml\n{header}\n(.+?)\n```", _read(page), re.DOTALL)
    entries = dict(re.findall(r'^(\S+) = "(.+)"$', block, re.MULTILINE))
    assert len(entries) == len(block.splitlines()), f"docs/{page}: {group} has lines that are not entry points"
    return install(folder, file.removesuffix(".py").replace("_", "-"), group, entries, example(page, file))


def _read(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")
