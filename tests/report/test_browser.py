"""The report of the demo in a browser: each verdict in its category, a picture, a log, and nothing fetched."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent.parent
SCREENSHOTS = ROOT / "build" / "screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ALLURE = ROOT / "report" / "node_modules" / ".bin" / "allure"

# The browser is another process, and its driver warns about sockets that it leaves open until the interpreter exits.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(scope="module")
def browser() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None or not ALLURE.is_file():
        missing = "a browser (apt-get install chromium)" if found is None else "Allure (npm ci --prefix report)"
        assert os.environ.get("HIL_REQUIRE_BROWSER") != "1", f"needs {missing}"
        pytest.skip(f"needs {missing}")
    return found


@pytest.fixture(scope="module")
def report(browser: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of one run of the demo, made twice: the second one has a history."""
    output = tmp_path_factory.mktemp("html") / "report"
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "GITHUB_"))}
    build = [sys.executable, str(ROOT / "report" / "build.py"), "--output", str(output)]
    results = output.with_name("report-data") / "allure-results"
    state = output.with_name("report-data")
    for options, status in ((["--demo"], 1), (["--results", str(results), "--state", str(state)], 0)):
        done = subprocess.run(
            [*build, *options], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=240, check=False
        )
        assert done.returncode == status, done.stdout + done.stderr
    return output


@pytest.fixture
def page(browser: str, report: Path) -> Iterator[Page]:
    """The report, opened from its file."""
    with sync_playwright() as playwright:
        # No sandbox is available in a container, and the only page is ours.
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": 1400, "height": 1200})
        page.goto((report / "index.html").as_uri())
        yield page
        chromium.close()


def test_a_failed_test_is_found_with_its_picture_and_log(page: Page, report: Path) -> None:
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.reload()
    page.get_by_text("test_product_defect").wait_for()
    page.screenshot(path=SCREENSHOTS / "overview.png")

    page.get_by_text("Categories", exact=False).first.click()
    for category in ("product defect", "limit exceeded", "invariant violated", "bench error", "blocked"):
        page.get_by_text(category, exact=True).first.wait_for()
    page.screenshot(path=SCREENSHOTS / "categories.png")

    page.get_by_text("Global Attachments").click()
    page.get_by_text("failover.png").first.click()
    page.locator("img[src^='blob:'], img[src^='data:image']").first.wait_for()
    page.screenshot(path=SCREENSHOTS / "trend.png")

    page.get_by_text("Results", exact=False).first.click()
    page.get_by_text("test_product_defect").first.click()
    page.get_by_text("master: expected C, is None").first.wait_for()
    page.screenshot(path=SCREENSHOTS / "first-screen.png")
    # This run and the previous one.
    page.get_by_text("History").first.click()
    page.get_by_text("Overview").first.click()
    page.get_by_text("timeline (picture)").first.click()
    picture = page.locator("img[src^='blob:'], img[src^='data:image'], iframe, svg:has-text('MASTER')").last
    picture.scroll_into_view_if_needed()
    page.screenshot(path=SCREENSHOTS / "timeline.png")
    page.get_by_text("serial log A").first.click()
    page.get_by_text("ap-up ssid=PicoAP").last.scroll_into_view_if_needed()
    page.screenshot(path=SCREENSHOTS / "log.png")

    outside = [url for url in fetched if not url.startswith(("data:", "blob:", report.as_uri()))]
    assert outside == []
