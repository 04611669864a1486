"""The pages: all links and anchors lead somewhere, and a wrong one is found."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from local_cloudflare.engine.places import REPOSITORY
from scripts.docs import zensical

PAGES = sorted(str(file.relative_to(REPOSITORY / "docs")) for file in (REPOSITORY / "docs").rglob("*.md"))
LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A copy of what the pages are made from."""
    shutil.copytree(REPOSITORY / "docs", tmp_path / "docs")
    shutil.copy(REPOSITORY / "mkdocs.yml", tmp_path)
    return tmp_path


def test_every_page_is_made_and_no_link_is_wrong(site: Path) -> None:
    """Anchors included; a second build from the same sources too."""
    assert [zensical("build", "--strict", folder=site) for _ in range(2)] == [0, 0]
    for page in PAGES:
        made = site / "site" / (page if page == "index.md" else f"{page[:-3]}/index.md")
        assert made.with_suffix(".html").is_file()


@pytest.mark.parametrize("link", ["missing.md", "migration.md#missing", "#missing"])
def test_a_wrong_link_or_anchor_fails_the_build(site: Path, link: str) -> None:
    """Also one within the page itself."""
    with (site / "docs" / "sync.md").open("a", encoding="utf-8") as page:
        page.write(f"\n[wrong]({link})\n")
    assert zensical("build", "--strict", folder=site) != 0


def test_every_page_is_in_the_navigation_once() -> None:
    """A page that nobody finds is none."""
    named = re.findall(r"[\w/-]+\.md", (REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8"))
    assert sorted(named) == PAGES


def test_links_of_readme_lead_to_files_and_headings_that_are_there() -> None:
    """It is no page of the site, so this asks."""
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 150
    wrong = []
    for link in LINK.findall(text):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        file = REPOSITORY / path
        heads = re.findall(r"^#+ (.*)", file.read_text(encoding="utf-8"), re.M) if anchor else []
        slugs = [re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads]
        if not file.exists() or (anchor and anchor not in slugs):
            wrong.append(link)
    assert wrong == []
