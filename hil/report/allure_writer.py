"""A writer of Allure's results that removes secrets from everything."""

from pathlib import Path
from typing import Any

import allure_commons
import pytest
from allure_commons.logger import AllureFileLogger

from hil.report.redaction import Redactor


class RedactedResults(AllureFileLogger):
    """Writes results, fixtures and attachments without secrets, even if other plugins attached them."""

    def __init__(self, folder: Path, redactor: Redactor) -> None:
        super().__init__(folder)  # type: ignore[no-untyped-call]
        self._redactor = redactor

    def _report_item(self, item: Any) -> None:
        super()._report_item(self._clean(item))  # type: ignore[no-untyped-call]

    @allure_commons.hookimpl
    def report_attached_file(self, source: str, file_name: str) -> None:
        self.report_attached_data(Path(source).read_bytes(), file_name)

    @allure_commons.hookimpl
    def report_attached_data(self, body: str | bytes, file_name: str) -> None:
        data = body.encode("utf-8", "backslashreplace") if isinstance(body, str) else body
        super().report_attached_data(self._redactor.redact_bytes(data), file_name)  # type: ignore[no-untyped-call]

    def _clean(self, item: Any) -> Any:
        """``item`` of Allure's model, or a list or text in it, redacted in place."""
        if isinstance(item, str):
            return self._redactor.redact(item)
        if isinstance(item, list):
            return [self._clean(inner) for inner in item]
        for name in getattr(item, "__dict__", {}):
            setattr(item, name, self._clean(getattr(item, name)))
        return item


def redact_results(config: pytest.Config, folder: Path, redactor: Redactor) -> None:
    """Replace Allure's own writer by one that redacts, until pytest ends."""
    manager = allure_commons.plugin_manager
    own = RedactedResults(folder, redactor)
    for writer in [each for each in manager.get_plugins() if type(each) is AllureFileLogger]:
        name = manager.get_name(writer)
        manager.unregister(writer)
        manager.register(own, name)

        def put_back(writer: AllureFileLogger = writer, name: str = name) -> None:
            # Allure looks for the one that it registered.
            manager.unregister(own)
            manager.register(writer, name)

        config.add_cleanup(put_back)
