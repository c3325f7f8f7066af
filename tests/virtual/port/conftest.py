from collections.abc import Callable, Iterator

import pytest

from hil.virtual.world import World
from tests.virtual.port.air import Air
from tests.virtual.port.bench import Board


@pytest.fixture
def world() -> World:
    return World(1)


@pytest.fixture
def new_board(world: World) -> Iterator[Callable[..., Board]]:
    """Boards in one air, at the raw REPL."""
    air = Air(world)
    boards: list[Board] = []

    def make(*, at_prompt: bool = False) -> Board:
        board = Board(world, air, len(boards) + 1)
        boards.append(board)
        board.until(b">>> ")
        if not at_prompt:
            board.enter_raw_repl()
        return board

    yield make
    for board in boards:
        board.chip.halt()


@pytest.fixture
def board(new_board: Callable[..., Board]) -> Board:
    """One board at the raw REPL."""
    return new_board()
