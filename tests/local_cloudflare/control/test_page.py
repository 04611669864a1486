"""docs/clients.md names the routes that there are."""

from tests.local_cloudflare.control.page import PAGE, with_routes


def test_the_page_is_up_to_date() -> None:
    """Its tables are what `python -m tests.local_cloudflare.control.page` writes."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_routes(page)
