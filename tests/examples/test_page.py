"""The example's page in Chromium: sign in, upload with progress, play, and nothing that shuts anybody out."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error, Page, expect, sync_playwright

from demo.running_application import RunningApplication
from layout.storage.limits import USUAL_PART

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

CHROMIUM_REQUIRED = bool(os.environ.get("CHROMIUM_REQUIRED"))
"""A machine without Chromium tests everything but the page, and says so; a pipeline that has one sets the variable."""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page of Chromium: Debian's package, or the one that Playwright installed."""
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        except Error as error:
            if CHROMIUM_REQUIRED:
                raise
            pytest.skip(f"there is no Chromium here (apt-get install chromium): {str(error).splitlines()[0]}")
        page = browser.new_page()
        page.set_default_timeout(20_000)
        yield page
        browser.close()


@pytest.fixture
def application(
    variables: dict[str, str], cloudflare: LocalCloudflare, tmp_path: Path
) -> Iterator[RunningApplication]:
    """Running, and its page may send files to the bucket."""
    with RunningApplication(variables, tmp_path / "disk") as running:
        rule = {
            "allowed": {
                "origins": [running.url.rstrip("/")],
                "methods": ["PUT"],
                "headers": ["content-type", "if-none-match"],
            }
        }
        cloudflare.store.set_cors(variables["R2_BUCKET"], rules=[rule])
        yield running


def _sign_in(page: Page, application: RunningApplication, user: str) -> None:
    page.goto(application.url)
    page.get_by_label("User").fill(user)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Profile")).to_be_visible()


def test_a_file_is_uploaded_and_played(page: Page, application: RunningApplication, tmp_path: Path) -> None:
    """The browser sends it to the bucket itself, in parts, and plays it from there."""
    clip = tmp_path / "goal.mp4"
    clip.write_bytes(b"a" * (USUAL_PART + 3))
    _sign_in(page, application, "anna")
    page.get_by_label("File", exact=True).set_input_files(clip)
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("#status")).to_have_text("goal.mp4 is stored.", timeout=30_000)
    expect(page.locator("#files")).to_contain_text(f"raw_clips/goal.mp4 ({USUAL_PART + 3} bytes)")
    assert page.locator("#progress").evaluate("it => it.value") == 1
    page.get_by_role("button", name="Play goal.mp4").click()
    expect(page.locator("#player")).to_have_attribute("src", re.compile(r"/raw_clips/goal\.mp4\?X-Amz-"))
    expect(page.get_by_role("alert")).to_have_text("")


def test_what_is_refused_is_told(page: Page, application: RunningApplication, tmp_path: Path) -> None:
    """A second file of the same name: the first stays."""
    for body in (b"first", b"second"):
        (tmp_path / "goal.mp4").write_bytes(body)
        _sign_in(page, application, "bert")
        page.get_by_label("File", exact=True).set_input_files(tmp_path / "goal.mp4")
        page.get_by_role("button", name="Upload").click()
        expect(page.locator("#status")).to_have_text(re.compile("stored|Uploading"))
        if body == b"first":
            expect(page.locator("#status")).to_have_text("goal.mp4 is stored.")
    expect(page.get_by_role("alert")).to_have_text("The upload was answered with 412.")
    expect(page.locator("#files")).to_contain_text("raw_clips/goal.mp4 (5 bytes)")


def test_the_page_shows_the_chosen_profile(page: Page, application: RunningApplication) -> None:
    """And nothing of the others, after a reload too."""
    with application.client("carla") as client:
        profile = client.get("/profiles").json()["current"]
        path = f"users/carla/profiles/{profile}/notes.txt"
        client.post("/storage", data={"path": path}, files={"file": ("a", b"note")}).raise_for_status()
        client.post("/profiles", json={"name": "Liga"}).raise_for_status()
    _sign_in(page, application, "carla")
    expect(page.locator("#files")).to_contain_text("notes.txt")
    page.get_by_label("Profile").select_option(label="Liga")
    expect(page.locator("#files")).not_to_contain_text("notes.txt")
    _sign_in(page, application, "carla")
    expect(page.get_by_label("Profile")).to_have_value(re.compile("."))
    expect(page.locator("#files")).not_to_contain_text("notes.txt")
