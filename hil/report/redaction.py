"""Redaction: secrets of the rig never leave it, neither on the terminal nor in a file."""

import json
from collections.abc import Iterable

import pytest

MASK = "***"
"""What stands in place of a secret."""


class Redactor:
    """Replaces secrets in text that is about to be shown or stored.

    A secret is also found as Python or JSON would print it inside quotes, since boards and assertions do that.
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

    def redact_report(self, report: pytest.TestReport) -> None:
        """Take the secrets out of everything that ``report`` shows."""
        report.sections = [(self.redact(title), self.redact(content)) for title, content in report.sections]
        if isinstance(report.longrepr, tuple):
            # A skip: pytest reads its three parts.
            path, line, reason = report.longrepr
            report.longrepr = (self.redact(path), line, self.redact(reason))
            return
        shown = report.longreprtext
        if (redacted := self.redact(shown)) != shown:
            # Plain text in place of the structured traceback: less pretty, but nothing can hide in it.
            report.longrepr = redacted
