import json

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
        ],
    )
    Redactor(["hush-hush"]).redact_report(report)
    assert report.user_properties == [
        ("measurement:join ***", "2 s (limit 15 s)"),
        ("said", "***"),
        ("rig_time_s", 3.5),
    ]
