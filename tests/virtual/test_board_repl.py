"""Keys at the prompt: which ones MicroPython's line editor accepts."""

from tests.virtual.conftest import Terminal


def test_prompt_ignores_non_ascii_characters_like_a_pico_w(terminal: Terminal) -> None:
    terminal.boot()
    assert terminal.type("print('grüße')\r") == "print('gre')\r\ngre\r\n>>> "


def test_paste_mode_and_files_accept_every_character(terminal: Terminal) -> None:
    terminal.boot(main="print('größer')")
    assert terminal.output.startswith("größer\r\n")
    pasted = terminal.type("\x05print('grüße')\r\x04")
    assert pasted.endswith("=== print('grüße')\r\n=== \r\ngrüße\r\n>>> ")


def test_enter_is_a_carriage_return_not_a_line_feed(terminal: Terminal) -> None:
    terminal.boot()
    assert terminal.type("6 * 7\n") == "6 * 7"
    assert terminal.type("\r\n") == "\r\n42\r\n>>> "


def test_cursor_keys_type_nothing(terminal: Terminal) -> None:
    terminal.boot()
    assert terminal.type("\x1b[A6\x1b[3~ * \x1bOH7\x1b[1;5C\r") == "6 * 7\r\n42\r\n>>> "


def test_backspace_deletes_a_character(terminal: Terminal) -> None:
    terminal.boot()
    assert terminal.type("6 * 8\x7f7\r").endswith("\r\n42\r\n>>> ")


def test_compound_statement_on_one_line_ends_with_an_empty_line(terminal: Terminal) -> None:
    terminal.boot()
    assert terminal.type("for n in range(2): print(n)\r").endswith("\r\n... ")
    assert terminal.type("\r") == "\r\n0\r\n1\r\n>>> "
    assert terminal.type("format\r").endswith(">>> ")
