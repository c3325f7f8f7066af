"""What the firmware is built from, by release: Debian's source packages, each file pinned by its SHA-256."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """The upstream tarball of a Debian source package."""

    package: str
    file: str
    sha256: str
    folder: str
    """What it unpacks to."""


@dataclass(frozen=True)
class Release:
    """One version of MicroPython."""

    micropython: Source
    released: int
    """When, in seconds since 1970: the date in the banner."""


RELEASES = {
    "1.26.1": Release(
        Source(
            "micropython",
            "micropython_1.26.1+ds.orig.tar.xz",
            "f5ad2ec89d3e921f753d448955af98b6005655f84ba26087dde6ba0e8d062f34",
            "micropython-1.26.1",
        ),
        released=1_757_548_800,
    ),
    "1.25.0": Release(
        Source(
            "micropython",
            "micropython_1.25.0+ds.orig.tar.xz",
            "7b25be99a502f070b2de81dafc08da7051d992325d6e67daa9045a918fffdbea",
            "micropython-1.25.0",
        ),
        released=1_744_675_200,
    ),
}
"""A further release is a row here; patches/ must apply to it."""

LIBRARIES = {
    "lwip": Source(
        "lwip",
        "lwip_2.2.1+dfsg1.orig.tar.xz",
        "83729c274c499d3348e9fbbe043a3113f3fa8953e7efddc7c21c7fcbb1f2b7b1",
        "lwip-2.2.1",
    ),
    "mbedtls": Source(
        "mbedtls",
        "mbedtls_3.6.6.orig.tar.bz2",
        "8fb65fae8dcae5840f793c0a334860a411f884cc537ea290ce1c52bb64ca007a",
        "mbedtls-3.6.6",
    ),
}
"""What MicroPython's tree wants under lib/, and Debian's package of it leaves out."""

LICENCES = {
    "MicroPython": "LICENSE",
    "MicroPython, its authors": "ACKNOWLEDGEMENTS",
    "lwIP": "lib/lwip/COPYING",
    "mbedtls": "lib/mbedtls/LICENSE",
    "littlefs": "lib/littlefs/lfs2.h",
    "FatFs": "lib/oofatfs/ff.c",
    "re1.5": "lib/re1.5/re1.5.h",
    "uzlib": "lib/uzlib/uzlib.h",
    "crypto-algorithms": "lib/crypto-algorithms/sha256.c",
}
"""Licences of all that is inside, by file in the source tree. Of a source file, its first comment."""
