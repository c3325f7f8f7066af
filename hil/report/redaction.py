"""Redaction: secrets of the rig never leave it, neither on the terminal nor in a file."""

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import pytest

from hil.report.outcome import VERDICT

MASK = "***"
"""Replaces a secret."""

_SECRET_NAME = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|(API|ACCESS|PRIVATE|WIFI)_?KEY|_PSK", re.IGNORECASE
)
_SHORTEST = 6
"""Characters. A shorter value, such as ``1``, is not a secret, and masking it would spoil every text."""


def environment_secrets(environ: Mapping[str, str], used: Iterable[str] = ()) -> list[str]:
    """The values of the environment variables whose names mark them as secrets, as CI servers set them.

    Those in ``used``, which the rig file inserts in places for secrets, count regardless of their names.
    """
    found = [*(value for name, value in environ.items() if _SECRET_NAME.search(name)), *used]
    return [value for value in found if len(value) >= _SHORTEST]


class Redactor:
    """Replaces secrets in text that is about to be shown or stored.

    A secret is also found as Python or JSON prints it inside quotes, which boards and assertions do.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for text in secrets if text for form in (text, repr(text)[1:-1], json.dumps(text)[1:-1])}
        # Longest first: a secret that contains another must not leave its tail behind.
        self._forms = sorted(forms, key=lambda form: (-len(form), form))

    def redact(self, text: str) -> str:
        """``text`` with every secret replaced by ``***``."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return text

    def redact_bytes(self, data: bytes) -> bytes:
        """``data`` with every secret replaced by as many asterisks, so that lengths stay right."""
        for form in self._forms:
            secret = form.encode("utf-8", "surrogateescape")
            data = data.replace(secret, b"*" * len(secret))
        return data

    def redact_error(self, error: BaseException) -> None:
        """Remove secrets from the texts that ``error`` was made of, where it lets them be replaced.

        Nothing else of it changes: a frozen dataclass, for example, stays the error that it is.
        """
        # FrozenInstanceError is an AttributeError too.
        with suppress(AttributeError, TypeError):
            args = tuple(self.redact(each) if isinstance(each, str) else each for each in error.args)
            if args != error.args:
                error.args = args
        for name, value in list(vars(error).items()):
            if isinstance(value, str) and (redacted := self.redact(value)) != value:
                with suppress(AttributeError, TypeError):
                    setattr(error, name, redacted)

    def redact_report(self, report: pytest.TestReport) -> None:
        """Remove secrets from everything that ``report`` shows."""
        if (verdict := getattr(report, VERDICT, None)) is not None:
            report.__dict__[VERDICT] = {name: self.redact(text) for name, text in verdict.items()}
        report.user_properties = [
            (self._redact_any(name), self._redact_any(value)) for name, value in report.user_properties
        ]
        report.sections = [(self.redact(title), self.redact(content)) for title, content in report.sections]
        if isinstance(report.longrepr, tuple):
            # A skip: pytest reads its three parts.
            path, line, reason = report.longrepr
            report.longrepr = (self.redact(path), line, self.redact(reason))
            return
        shown = report.longreprtext
        if (redacted := self.redact(shown)) != shown:
            # Plain text in place of the structured traceback: less pretty, but no part of it can hold a secret.
            report.longrepr = redacted

    def _redact_any(self, value: Any) -> Any:
        # record_property() takes names and values of any type.
        return self.redact(value) if isinstance(value, str) else value
