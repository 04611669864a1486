"""Calls about buckets themselves, which no area has: no credential of this project may make them."""

import pytest

from tests.matrix.areas import BUCKET
from tests.matrix.credentials import KINDS, Kind
from tests.matrix.operations import Wire
from tests.matrix.sending import Sender
from tests.matrix.stage import Stage

CALLS = {
    "ListBuckets": Wire("GET", "/"),
    "CreateBucket": Wire("PUT", "/a-new-bucket"),
    "HeadBucket": Wire("HEAD", f"/{BUCKET}"),
    "DeleteBucket": Wire("DELETE", f"/{BUCKET}"),
    **{
        f"{method} {part}": Wire(method, f"/{BUCKET}", {part: ""})
        for part in ("cors", "lifecycle")
        for method in ("GET", "PUT", "DELETE")
    },
    "GET encryption": Wire("GET", f"/{BUCKET}", {"encryption": ""}),
    "GET versioning": Wire("GET", f"/{BUCKET}", {"versioning": ""}),
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_call_about_a_bucket_is_refused(kind: Kind, stage: Stage) -> None:
    """To list, make and remove buckets, and to read or change their rules, takes an admin token."""
    before = stage.writes()
    with Sender(stage.cloudflare.s3_endpoint, stage.credentials(kind)) as sender:
        answers = {name: sender.send(wire) for name, wire in CALLS.items()}
    assert {name: answer.status for name, answer in answers.items()} == dict.fromkeys(CALLS, 403)
    codes = {answer.error for name, answer in answers.items() if name != "HeadBucket"}
    assert codes == {"AccessDenied"}
    assert stage.writes() == before


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_location_is_open_to_whoever_opens_the_bucket(kind: Kind, stage: Stage) -> None:
    """GetBucketLocation is the one call about a bucket that credentials for objects may make (R2, `actions`)."""
    with Sender(stage.cloudflare.s3_endpoint, stage.credentials(kind)) as sender:
        assert sender.send(Wire("GET", f"/{BUCKET}", {"location": ""})).status == 200
