"""The page: what it escapes, and what a browser makes of it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error, Page, expect, sync_playwright

from layout.audit.page import page as render
from layout.audit.references import Coverage, Reference
from tests.layout.audit.listed import report_of, video_bucket

if TYPE_CHECKING:
    from pathlib import Path

    from layout.audit.inventory import Inventory
    from layout.audit.references import Statement

CHROMIUM_REQUIRED = bool(os.environ.get("CHROMIUM_REQUIRED"))
"""A machine without Chromium tests everything but the page in it, and says so."""
SCRIPT = "<script>alert(1)</script>"


class Names:
    """A source that names every clip of a profile but some, and one that is not there."""

    name = "a list of names"

    def statements(self, inventory: Inventory) -> Iterator[Statement]:
        """What it names."""
        for file in inventory.files_ending(".mp4"):
            if "/profiles/p1/" in file.key and not file.key.endswith("Tor_7.mp4"):
                yield Reference(file.key, "the list", file.key)
        folder = "prod/users/a/profiles/p1/raw_clips/"
        yield Reference(f"{folder}lost.mp4", "the list", f"{folder}x")
        yield Coverage(folder)


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a bucket that an application has used for a year."""
    folder = tmp_path_factory.mktemp("page")
    place: Path = folder / "audit.html"
    place.write_text(render(report_of(video_bucket(), folder, Names())), encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def page(html: Path) -> Iterator[Page]:
    """It, in Chromium; whatever goes wrong in it fails the test at the end."""
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        except Error as error:
            if CHROMIUM_REQUIRED:
                raise
            pytest.skip(f"there is no Chromium here (apt-get install chromium): {str(error).splitlines()[0]}")
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.on("request", lambda request: wrong.append(request.url) if "file:" not in request.url else None)
        page.goto(html.as_uri())
        yield page
        browser.close()
        assert wrong == []


def test_a_key_is_text_and_nothing_else(html: Path) -> None:
    """In the tables and in the data of the script: neither ends nor begins an element."""
    text = html.read_text(encoding="utf-8")
    assert SCRIPT not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "\\u003cscript\\u003ealert(1)\\u003c" in text
    assert "<img" not in text


def test_the_page_needs_nothing_from_elsewhere(html: Path) -> None:
    """No address is loaded, and the policy forbids it besides."""
    text = html.read_text(encoding="utf-8")
    assert re.findall(r"\b(?:src|href)\s*=\s*['\"][^'\"]*", text.partition("<script type")[0]) == []
    assert "default-src 'none'; style-src 'sha256-" in text.replace("&#39;", "'")


def test_the_map_is_entered_and_left_by_keyboard(page: Page) -> None:
    """From the bucket into an environment, an area and a user, and back."""
    steps = page.locator("#path button")
    for name in ("prod", "profile_file", "a"):
        page.locator("#map").get_by_role("button", name=re.compile(rf"^{name}: ")).focus()
        page.keyboard.press("Enter")
        expect(steps.last).to_have_text(name)
    expect(page.locator("#map").get_by_role("button", name=re.compile("^p1: "))).to_be_disabled()
    page.locator("#path button").last.focus()
    page.locator("#path button").first.click()
    expect(steps).to_have_count(1)


def test_what_may_be_wrong_is_marked_up_to_the_bucket(page: Page) -> None:
    """An upload is open in one profile."""
    expect(page.locator("#path")).to_contain_text("~")
    expect(page.get_by_role("complementary")).to_contain_text(
        "an upload is open, whose parts are in no listing"
    )


def test_a_table_sorts_and_filters(page: Page) -> None:
    """Numbers as numbers, whatever unit they are shown in."""
    region = page.get_by_role("region", name="Users", exact=True)
    region.get_by_role("button", name="Bytes").click()
    values = region.locator("tbody tr td:nth-child(4)").evaluate_all("it => it.map(x => +x.dataset.value)")
    assert values == sorted(values, reverse=True)
    region.get_by_role("button", name="Bytes").click()
    values = region.locator("tbody tr td:nth-child(4)").evaluate_all("it => it.map(x => +x.dataset.value)")
    assert values == sorted(values)
    page.get_by_role("searchbox", name="Filter users").fill("staging")
    rows = region.locator("tbody tr:visible")
    assert {text.split()[0] for text in rows.all_inner_texts()} == {"staging"}


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window(page: Page, width: int, scheme: str) -> None:
    """On a telephone too, in both colours; tables scroll in themselves."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.getElementById('map').children.length") > 0
