"""Which keys a bucket did not delete, from answers that name them in another way than they were asked."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from layout.migrate.bucket.writer import BucketWriter
from layout.storage.settings import StorageSettings

if TYPE_CHECKING:
    from tests.layout.conftest import FixedAnswer

DECOMPOSED, COMPOSED = "e\u0301.mp4", "\u00e9.mp4"


def _error(content: str) -> str:
    return f"<Error>{content}<Code>InternalError</Code><Message>Once\nmore.</Message></Error>"


@pytest.mark.parametrize(
    ("errors", "failed"),
    [
        ("", []),
        (_error("<Key>a</Key>"), ["a"]),
        (_error(f"<Key>{COMPOSED}</Key>"), [DECOMPOSED]),
        (_error(""), ["a", DECOMPOSED]),
        (_error("<Key>c</Key>") + _error("<Key>a</Key>"), ["a", DECOMPOSED]),
    ],
)
def test_no_key_counts_as_deleted_for_an_error_that_names_another(
    fixed_answer: FixedAnswer, errors: str, failed: list[str]
) -> None:
    """R2 names keys in NFC, and an error about the whole request names none."""
    fixed_answer.body = f"<DeleteResult>{errors}</DeleteResult>".encode()
    settings = StorageSettings(
        _env_file=None,
        endpoint=fixed_answer.endpoint,
        bucket="films",
        access_key_id="id",
        secret_access_key="secret",
    )
    with closing(BucketWriter(settings)) as writer:
        assert writer.delete(["a", DECOMPOSED]) == dict.fromkeys(failed, "InternalError: Once more.")
