import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.config.board_types.pico_w import PICO_W
from hil.virtual.flash import Flash, FlashError, FlashFile
from hil.virtual.rp2_errno import Errno

FLASH_SIZE = PICO_W.file_system_bytes


def open_for_writing(flash: Flash, path: str) -> FlashFile:
    return flash.open(path, create=True, exclusive=False, truncate=True, append=False)


def test_written_content_appears_when_the_file_is_synced() -> None:
    flash = Flash(FLASH_SIZE)
    flash.replace("/main.py", b"old")
    file = open_for_writing(flash, "/main.py")
    file.write(b"new content")
    assert flash.files["/main.py"] == b"old"
    file.sync()
    assert flash.files["/main.py"] == b"new content"


def test_full_flash_raises_enospc_and_keeps_its_content() -> None:
    flash = Flash(FLASH_SIZE)
    flash.replace("/keep", b"k")
    file = open_for_writing(flash, "/big")
    # Everything but the root's two blocks and the other file's block fits.
    for _ in range(FLASH_SIZE // 4096 - 3):
        file.write(bytes(4096))
    with pytest.raises(FlashError) as raised:
        file.write(b"x")
    assert raised.value.errno == Errno.ENOSPC
    assert flash.files["/keep"] == b"k"


def test_rename_replaces_an_existing_file() -> None:
    flash = Flash(FLASH_SIZE)
    flash.replace("/a", b"1")
    flash.replace("/b", b"2")
    flash.rename("/a", "/b")
    assert dict(flash.files) == {"/b": b"1"}


def test_a_renamed_folder_keeps_its_files() -> None:
    flash = Flash(FLASH_SIZE)
    flash.make_folder("/lib")
    flash.replace("/lib/x.py", b"x")
    flash.rename("/lib", "/old")
    assert flash.names("/old") == ["x.py"]
    assert not flash.is_folder("/lib")


def test_folder_must_be_empty_to_be_removed_and_exist_to_be_used() -> None:
    flash = Flash(FLASH_SIZE)
    flash.make_folder("/lib")
    flash.replace("/lib/x.py", b"x")
    with pytest.raises(FlashError) as raised:
        flash.remove("/lib")
    assert raised.value.errno == Errno.ENOTEMPTY
    with pytest.raises(FlashError) as raised:
        flash.replace("/nowhere/x.py", b"x")
    assert raised.value.errno == Errno.ENOENT


def test_names_have_at_most_255_bytes() -> None:
    flash = Flash(FLASH_SIZE)
    flash.replace("/" + "x" * 255, b"")
    flash.make_folder("/" + "ü" * 127)
    for path in ("/" + "x" * 256, "/" + "ü" * 128):
        with pytest.raises(FlashError) as raised:
            flash.replace(path, b"")
        assert raised.value.errno == Errno.ENAMETOOLONG
        with pytest.raises(FlashError) as raised:
            flash.rename("/" + "x" * 255, path)
        assert raised.value.errno == Errno.ENAMETOOLONG


@given(st.lists(st.sampled_from(["..", ".", "a", "b", "etc", "passwd", ""]), max_size=8))
def test_no_path_leaves_the_root(parts: list[str]) -> None:
    flash = Flash(FLASH_SIZE)
    path = "/" + "/".join(parts)
    try:
        flash.replace(path, b"x")
    except FlashError:
        return
    (stored,) = flash.files
    assert stored.startswith("/")
    assert ".." not in stored


def test_an_image_is_installed_with_its_folders() -> None:
    flash = Flash(FLASH_SIZE)
    flash.make_folder("/lib")
    flash.install({"main.py": b"m", "lib/pkg/deep/x.py": b"x", "lib/pkg/__init__.py": b""})
    assert flash.files == {"/main.py": b"m", "/lib/pkg/deep/x.py": b"x", "/lib/pkg/__init__.py": b""}
    assert flash.names("/lib/pkg") == ["__init__.py", "deep"]
    with pytest.raises(FlashError):
        flash.install({"big": bytes(FLASH_SIZE)})
