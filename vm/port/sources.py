"""Fetches source packages from Debian's archive, by the address that this machine uses, and unpacks them."""

import hashlib
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

from vm.port.releases import Source

SUITES = ("sid", "trixie")
"""Where the pinned versions are."""

APT_SOURCES = Path("/etc/apt")


def fetch(source: Source, folder: Path, apt: "Apt") -> Path:
    """The tarball in ``folder``, from the archive if it is not there. Ends the program when it is another one."""
    path = folder / source.file
    if not path.exists():
        apt.download(source, folder)
    if not path.exists():
        suites = ", ".join(SUITES)
        sys.exit(f"{source.file}: has left Debian's archive ({suites}); give a folder that has it: --source DIR")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != source.sha256:
        sys.exit(f"{path}: SHA-256 is {found}, not {source.sha256}")
    return path


def unpack(tarball: Path, folder: Path, into: Path) -> None:
    """Unpack ``tarball``, whose top folder is ``folder``, so that its content is in ``into``."""
    with tarfile.open(tarball) as archive:
        archive.extractall(into.parent, filter="data")
    if into.is_dir():
        into.rmdir()
    (into.parent / folder).rename(into)


class Apt:
    """apt with a configuration of its own, in a folder of its own: source packages of the suites that are needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._options: list[str] = []

    def download(self, source: Source, into: Path) -> None:
        """Download the tarball of ``source``, if the archive has it."""
        self._prepare()
        for version in self._versions_with(source):
            subprocess.run(
                ["apt-get", *self._options, "source", "--tar-only", "-qq", f"{source.package}={version}"],
                cwd=into,
                check=True,
            )
            return

    def _versions_with(self, source: Source) -> Iterator[str]:
        """Debian's versions of the package that are made of this very tarball."""
        shown = subprocess.run(
            ["apt-cache", *self._options, "showsrc", source.package], capture_output=True, text=True, check=False
        )
        for stanza in shown.stdout.split("\n\n"):
            version = re.search(r"^Version: (\S+)$", stanza, re.MULTILINE)
            if version and f" {source.sha256} " in stanza:
                yield version[1]

    def _prepare(self) -> None:
        if self._options:
            return
        lists = self._folder / "lists" / "partial"
        lists.mkdir(parents=True, exist_ok=True)
        sources = self._folder / "sources.list"
        sources.write_text("".join(f"deb-src {_signed_by()} {archive()} {suite} main\n" for suite in SUITES))
        settings = {
            "Dir::Etc::sourcelist": str(sources),
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State::Lists": str(lists.parent),
            "Dir::Cache::pkgcache": "",
            "Dir::Cache::srcpkgcache": "",
            "APT::Sandbox::User": "",
        }
        self._options = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
        subprocess.run(["apt-get", *self._options, "update", "-qq"], check=True)


def _signed_by() -> str:
    return "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"


def archive() -> str:
    """The Debian archive that this machine uses: the first one of its suite's main part."""
    for file in sorted([*APT_SOURCES.glob("sources.list"), *APT_SOURCES.glob("sources.list.d/*")]):
        if file.suffix == ".sources":
            found = re.search(r"^URIs:\s*(\S+/debian/?)\s*$", file.read_text(), re.MULTILINE)
        else:
            found = re.search(r"^deb(?:-src)?\s+(?:\[[^]]*\]\s+)?(\S+/debian/?)\s", file.read_text(), re.MULTILINE)
        if found:
            return found[1]
    sys.exit("this machine's apt has no Debian archive: give the folder with the source tarballs, --source DIR")
