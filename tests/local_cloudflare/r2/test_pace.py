"""One upload or copy a second to one key."""

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local_cloudflare.r2.conftest import LocalR2


def test_a_second_write_to_a_key_is_too_fast(start: "Callable[..., LocalR2]", refused: Any) -> None:
    """429 TooManyRequests for puts, copies and completions; other keys are free."""
    own = start(write_interval_seconds=30.0)
    name, client = own.bucket().name, own.client()
    client.put_object(Bucket=name, Key="key", Body=b"1")
    client.put_object(Bucket=name, Key="other", Body=b"1")
    fast = (429, "TooManyRequests", "Reduce your concurrent request rate for the same object.")
    assert refused(client.put_object, Bucket=name, Key="key", Body=b"2") == fast
    source = {"Bucket": name, "Key": "other"}
    assert refused(client.copy_object, Bucket=name, Key="key", CopySource=source) == fast
    upload = {"Bucket": name, "Key": "key"}
    upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
    tag = client.upload_part(PartNumber=1, Body=b"3", **upload)["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
    assert refused(client.complete_multipart_upload, MultipartUpload=parts, **upload) == fast
    assert client.get_object(Bucket=name, Key="key")["Body"].read() == b"1"
    assert len(client.list_parts(**upload)["Parts"]) == 1


def test_the_answer_says_when_to_come_back(start: "Callable[..., LocalR2]") -> None:
    """Retry-After in whole seconds; then the write goes through."""
    own = start(write_interval_seconds=0.3)
    name = own.bucket().name
    own.send("PUT", f"/{name}/key", body=b"1")
    assert own.send("PUT", f"/{name}/key", body=b"2").headers["Retry-After"] == "1"
    # Waits between tries are random: with few of them all may be within the interval.
    retrying = own.client(config=Config(retries={"mode": "standard", "total_max_attempts": 10}))
    retrying.put_object(Bucket=name, Key="key", Body="3")
    assert own.send("GET", f"/{name}/key").body == b"3"


def test_a_delete_may_follow_at_once(start: "Callable[..., LocalR2]", refused: Any) -> None:
    """Alone or in a batch, as the lock files of OpenTofu and Pulumi need; the next upload waits for the last one."""
    own = start(write_interval_seconds=30.0)
    name, client = own.bucket().name, own.client()
    for key in ("alone", "batch"):
        client.put_object(Bucket=name, Key=key, Body=b"1")
    client.delete_object(Bucket=name, Key="alone")
    done = client.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "batch"}]})
    assert [each["Key"] for each in done["Deleted"]] == ["batch"]
    assert client.list_objects_v2(Bucket=name)["KeyCount"] == 0
    for key in ("alone", "batch"):
        assert refused(client.put_object, Bucket=name, Key=key, Body=b"2")[0] == 429


def test_a_delete_is_no_write_that_others_wait_for(start: "Callable[..., LocalR2]") -> None:
    """Whoever deletes what is not there, then uploads, is not refused."""
    own = start(write_interval_seconds=30.0)
    name = own.bucket().name
    replies = [
        own.send(method, f"/{name}/key", body=b"").status for method in ("DELETE", "PUT", "DELETE", "DELETE")
    ]
    assert replies == [204, 200, 204, 204]


def test_a_refused_condition_is_no_write(start: "Callable[..., LocalR2]") -> None:
    """It does not make the next writer wait."""
    own = start(write_interval_seconds=30.0)
    name = own.bucket().name
    stale = own.send("PUT", f"/{name}/key", body=b"1", headers={"if-match": '"x"'})
    assert (stale.status, own.send("PUT", f"/{name}/key", body=b"1").status) == (412, 200)


def test_of_many_writers_at_once_one_is_let_through(start: "Callable[..., LocalR2]") -> None:
    """The pace is kept inside the transaction of the write."""
    own = start(write_interval_seconds=30.0)
    name = own.bucket().name
    with ThreadPoolExecutor(32) as pool:
        replies = list(
            pool.map(lambda number: own.send("PUT", f"/{name}/key", body=b"%d" % number), range(32))
        )
    assert sorted(reply.status for reply in replies) == [200] + [429] * 31


def test_it_is_off_by_default(r2: "LocalR2", bucket: str) -> None:
    """Most tests write the same key twice."""
    assert {r2.send("PUT", f"/{bucket}/key", body=b"x").status for _ in range(3)} == {200}
