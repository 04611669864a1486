"""The OpenAPI document is complete: calls made from it meet no answer that it does not name."""

from __future__ import annotations

import os
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from layout.storage.r2_storage import AsyncR2Storage
from layout.storage.settings import StorageSettings
from layout.web.mounting import mount
from tests.layout.web.conftest import user_of

CALLS = int(os.environ.get("R2_LAYOUT_SOAK_CALLS") or 15)
"""For each operation; `make soak` makes 5,000 in all."""


@pytest.fixture
def app(local: StorageSettings) -> FastAPI:
    """Everything mounted."""
    made = FastAPI()
    mount(made, AsyncR2Storage(local), user_of)
    return made


def test_no_call_meets_an_answer_that_is_not_documented(app: FastAPI) -> None:
    """Valid and invalid ones, of every operation; none comes to a 500."""
    schema: Any = schemathesis.openapi.from_asgi("/openapi.json", app)
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) >= 11
    assert sum(map(_calls, operations)) >= CALLS * 5


def _calls(operation: Any) -> int:
    """Calls one operation, and counts how often."""
    # A document cannot say that the fields of a form stand before its file.
    spared = [positive_data_acceptance] if operation.label == "POST /storage" else []
    calls = 0

    @given(case=operation.as_strategy())
    @settings(
        max_examples=CALLS,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def call(case: Any) -> None:
        nonlocal calls
        calls += 1
        answer = case.call(headers={"X-User": "anna"})
        assert answer.status_code < 500, answer.text
        case.validate_response(answer, excluded_checks=spared)

    call()
    return calls


def test_every_operation_names_its_errors(app: FastAPI) -> None:
    """401 and 404 at least, in the one form that all errors have."""
    document = app.openapi()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert {"401", "404", "500", "503"} <= set(operation["responses"]), f"{method} {path}"
            for status, answer in operation["responses"].items():
                if status >= "400":
                    fields = answer["content"]["application/json"]["schema"].get("required")
                    assert fields == ["error", "detail"], f"{method} {path} {status}"
