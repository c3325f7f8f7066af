"""Makes the compiled firmware one file that many boards can start from.

A linked module brings its memory and fills it as it starts. A board's two cores are two instances over one memory, so
the memory becomes an import; and every board starts from the memory as it is after the first part of the boot, which
stands in a section of the file.
"""

import json
import struct
from collections.abc import Iterator

import wasmtime

PAGE = 4096
WASM_PAGE = 65536
HEADER_SIZE = 8
MEMORY_FLAGS_SHARED_LIMITED = 3
CUSTOM, IMPORTS, MEMORY, START, DATA, DATA_COUNT = 0, 2, 5, 8, 11, 12
LAYOUT_SECTION = b"pico.layout"
MEMORY_SECTION = b"pico.memory"


def with_imported_memory(wasm: bytes, flash_size: int) -> bytes:
    """The module with its memory imported, and what that memory holds after the start in a section of its own."""
    memory, layout = _after_start(wasm)
    layout |= {"size": len(memory), "flash_size": flash_size}
    result = wasm[:HEADER_SIZE]
    for kind, content in sections(wasm):
        if kind in (MEMORY, START, DATA, DATA_COUNT):
            continue
        result += section(kind, _with_memory(content, len(memory) // WASM_PAGE) if kind == IMPORTS else content)
    result += section(CUSTOM, sized(LAYOUT_SECTION) + json.dumps(layout, sort_keys=True).encode())
    return result + section(CUSTOM, sized(MEMORY_SECTION) + _live_pages(memory))


def _after_start(wasm: bytes) -> tuple[bytes, dict[str, int]]:
    """The memory after the part of the boot that is the same on all boards, and where things are in it."""
    config = wasmtime.Config()
    config.wasm_exceptions = True
    engine = wasmtime.Engine(config)
    store = wasmtime.Store(engine)
    linker = wasmtime.Linker(engine)
    module = wasmtime.Module(engine, wasm)
    # It must not call the host: there is no board yet.
    linker.define_unknown_imports_as_traps(module)
    exports = linker.instantiate(store, module).exports(store)
    for name in ("_initialize", "prepare"):
        function = exports[name]
        if not isinstance(function, wasmtime.Func):
            raise TypeError(f"{name} is not a function")
        function(store)
    memory = exports["memory"]
    if not isinstance(memory, wasmtime.Memory):
        raise TypeError("the module's memory is not one")
    addresses = {}
    for key, name in {"shared": "shared", "flash": "flash_storage"}.items():
        address = exports[name]
        if not isinstance(address, wasmtime.Global):
            raise TypeError(f"{name} is not a global")
        addresses[key] = int(address.value(store))
    return bytes(memory.read(store)), addresses


def _live_pages(memory: bytes) -> bytes:
    """Each stretch of pages that are not zero, behind its address and size."""
    result = bytearray()
    start = None
    for address in range(0, len(memory) + PAGE, PAGE):
        is_live = any(memory[address : address + PAGE])
        if is_live and start is None:
            start = address
        elif not is_live and start is not None:
            result += struct.pack("<II", start, address - start) + memory[start:address]
            start = None
    return bytes(result)


def _with_memory(imports: bytes, pages: int) -> bytes:
    count, position = read_leb128(imports, 0)
    limits = bytes((MEMORY_FLAGS_SHARED_LIMITED,)) + leb128(pages) + leb128(pages)
    return leb128(count + 1) + imports[position:] + sized(b"env") + sized(b"memory") + bytes((2,)) + limits


def sections(module: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each section."""
    position = HEADER_SIZE
    while position < len(module):
        kind = module[position]
        size, position = read_leb128(module, position + 1)
        yield kind, module[position : position + size]
        position += size


def section(kind: int, content: bytes) -> bytes:
    """A section of a module."""
    return bytes((kind,)) + sized(content)


def read_leb128(data: bytes, position: int) -> tuple[int, int]:
    """The number at ``position`` in the variable-length encoding of wasm, and the position behind it."""
    number = shift = 0
    while True:
        byte = data[position]
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
    """``content`` behind its length."""
    return leb128(len(content)) + content
