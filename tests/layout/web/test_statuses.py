"""Every error has its answer, and no answer tells what is not for its reader."""

from __future__ import annotations

import logging

import httpx2
import pytest
from fastapi import FastAPI

from layout import errors
from layout.errors import LayoutError, RangeError
from layout.storage.r2_storage import AsyncR2Storage
from layout.web.mounting import mount
from layout.web.statuses import STATUSES, answers
from tests.layout.web.conftest import client_of, user_of

pytestmark = pytest.mark.anyio

CLASSES = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LayoutError)]


def test_every_error_has_a_row_and_an_entry() -> None:
    """A new error is answered on purpose, and is in the OpenAPI document."""
    assert set(STATUSES) == set(CLASSES)
    assert {row.status for row in STATUSES.values()} <= set(
        answers(*{row.status for row in STATUSES.values()})
    )


@pytest.mark.parametrize("kind", CLASSES)
async def test_an_error_is_answered_as_its_row_says(
    storage: AsyncR2Storage, kind: type[LayoutError], caplog: pytest.LogCaptureFixture
) -> None:
    """Neither bucket nor key nor hint leaves the house; what the operator has to know is in the log."""
    app = FastAPI()
    mount(app, storage, user_of)

    @app.get("/fails")
    async def fail() -> None:
        raise kind("secret text", hint="secret hint", bucket="secret-bucket", key="secret key")

    with caplog.at_level(logging.ERROR, "layout.web.answers"):
        async with client_of(app, None) as client:
            answer = await client.get("/fails")
    row = STATUSES[kind]
    assert answer.status_code == row.status
    assert "secret" not in answer.text
    assert (
        answer.text == ""
        if row.status == 304
        else answer.json() == {"error": row.error, "detail": row.detail}
    )
    assert ("secret text (secret hint)" in caplog.text) is (row.status >= 500)
    assert answer.headers.get("retry-after") == ("5" if row.status == 503 else None)


async def test_a_range_that_is_none_tells_the_size(storage: AsyncR2Storage) -> None:
    """By which a player asks again."""
    app = FastAPI()
    mount(app, storage, user_of)

    @app.get("/fails")
    async def fail() -> None:
        error = RangeError("no byte")
        error.size = 10
        raise error

    async with client_of(app, None) as client:
        answer = await client.get("/fails")
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */10")


async def test_errors_of_the_framework_have_the_same_form(client: httpx2.AsyncClient) -> None:
    """A method that is not taken, and a path that is none."""
    answer = await client.put("/storage")
    assert (answer.status_code, answer.json()) == (
        405,
        {"error": "method_not_allowed", "detail": "Method Not Allowed"},
    )
    assert (await client.get("/nothing")).json() == {"error": "not_found", "detail": "There is no such file."}


async def test_a_request_that_is_wrong_is_told_the_first_fault(client: httpx2.AsyncClient) -> None:
    """Where and what, without the value."""
    answer = await client.post("/storage/uploads", json={"path": "a", "size": "many"})
    assert (answer.status_code, answer.json()) == (
        422,
        {
            "error": "invalid",
            "detail": "size: Input should be a valid integer, unable to parse string as an integer.",
        },
    )
    answer = await client.post("/storage/uploads", content=b"{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()) == (
        422,
        {"error": "invalid", "detail": "1: JSON decode error."},
    )
