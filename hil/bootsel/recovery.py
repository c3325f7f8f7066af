"""The images with which a rig's boards are recovered: ``recovery.uf2`` of its file, checked for every type it has."""

from collections.abc import Mapping

from hil.bootsel.uf2 import Uf2Error, Uf2Image, load_uf2
from hil.config.board_type import BoardType
from hil.config.rig import RigConfig
from hil.config.yaml_source import Problem, YamlSource


def recovery_images(config: RigConfig) -> Mapping[BoardType, Uf2Image]:
    """The image for each type of board in the rig; none when the rig file names no file.

    Raises ``ConfigError`` with ``file:line:`` when the file has no image for one of them.
    """
    path = config.recovery.uf2
    if path is None:
        return {}
    first_boards = {board.type: board.name for board in reversed(config.wired_boards)}
    images = {}
    for board_type, board in reversed(first_boards.items()):
        try:
            images[board_type] = load_uf2(path, board_type)
        except Uf2Error as error:
            text = f"recovery.uf2 cannot recover board {board} (type {board_type.name}): {error}"
            raise YamlSource(config.path).error([Problem(("recovery", "uf2"), text)]) from error
    return images
