import json
from dataclasses import dataclass

import pytest

from hil.report.redaction import Redactor


def test_every_occurrence_is_replaced() -> None:
    assert Redactor(["hush-hush"]).redact("key=hush-hush key='hush-hush'") == "key=*** key='***'"


@pytest.mark.parametrize("secret", ["it's\\quoted\"", "tab\tand\nline", "ünï-ccdé"])
def test_quoted_forms_are_secrets_too(secret: str) -> None:
    text = f"{secret} {secret!r} {json.dumps(secret)}"
    redacted = Redactor([secret]).redact(text)
    assert secret not in redacted
    assert redacted.count("***") == 3


def test_the_longer_of_two_secrets_is_replaced_first() -> None:
    assert Redactor(["secret", "secret-and-more"]).redact("secret-and-more secret") == "*** ***"


def test_without_secrets_text_is_unchanged() -> None:
    assert Redactor([""]).redact("abc") == "abc"


def test_user_properties_of_a_report_are_redacted() -> None:
    report = pytest.TestReport(
        nodeid="test_it.py::test_join",
        location=("test_it.py", 1, "test_join"),
        keywords={},
        outcome="passed",
        longrepr=None,
        when="call",
        user_properties=[
            ("measurement:join hush-hush", "2 s (limit 15 s)"),
            ("said", "hush-hush"),
            ("rig_time_s", 3.5),
            (1, None),  # type: ignore[list-item]  # pytest does not check it
        ],
    )
    Redactor(["hush-hush"]).redact_report(report)
    assert report.user_properties == [
        ("measurement:join ***", "2 s (limit 15 s)"),
        ("said", "***"),
        ("rig_time_s", 3.5),
        (1, None),
    ]


@dataclass(frozen=True)
class _FrozenError(Exception):
    text: str


class _FixedError(Exception):
    @property
    def args(self) -> tuple[str, ...]:  # type: ignore[override]
        return ("hush-hush",)


def test_the_texts_of_an_error_are_redacted() -> None:
    error = ValueError("hush-hush", 1)
    error.text = "a hush-hush"  # type: ignore[attr-defined]
    Redactor(["hush-hush"]).redact_error(error)
    assert error.args == ("***", 1)
    assert vars(error) == {"text": "a ***"}


@pytest.mark.parametrize("error", [_FrozenError("hush-hush"), _FixedError()])
def test_an_error_that_cannot_be_changed_stays_what_it_is(error: Exception) -> None:
    Redactor(["hush-hush"]).redact_error(error)
    assert "hush-hush" in str(vars(error)) + str(error.args)
