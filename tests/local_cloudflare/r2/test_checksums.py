"""Checksums: what is declared is verified, and given back."""

import base64
import hashlib
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from local_cloudflare.r2.store.checksums import ALGORITHMS, Hasher

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2

BODY = b"123456789"
# Check values of the algorithms' own definitions, over the nine digits.
CHECK = {"crc32": "cbf43926", "crc32c": "e3069283", "crc64nvme": "ae8b14860a799888"}


def digest(algorithm: str, body: bytes = BODY) -> bytes:
    """Of one piece."""
    hasher = Hasher(algorithm)
    hasher.update(body)
    return hasher.digest()


def encoded(algorithm: str, body: bytes = BODY) -> str:
    """As in a header."""
    return base64.b64encode(digest(algorithm, body)).decode()


@pytest.mark.parametrize("algorithm", CHECK)
def test_crcs_have_their_check_values(algorithm: str) -> None:
    """In one piece and in several."""
    assert digest(algorithm).hex() == CHECK[algorithm]
    hasher = Hasher(algorithm)
    for position in range(len(BODY)):
        hasher.update(BODY[position : position + 1])
    assert hasher.digest().hex() == CHECK[algorithm]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_declared_checksum_is_verified_and_kept(r2: "LocalR2", bucket: str, algorithm: str) -> None:
    """Shown when asked for, and kept by a copy."""
    name = f"x-amz-checksum-{algorithm}"
    reply = r2.send("PUT", f"/{bucket}/key", body=BODY, headers={name: encoded(algorithm)})
    assert (reply.status, reply.headers[name]) == (200, encoded(algorithm))
    r2.send("PUT", f"/{bucket}/copy", headers={"x-amz-copy-source": f"/{bucket}/key"})
    for key in ("key", "copy"):
        assert name not in r2.send("HEAD", f"/{bucket}/{key}").headers
        shown = r2.send("HEAD", f"/{bucket}/{key}", headers={"x-amz-checksum-mode": "ENABLED"})
        assert (shown.headers[name], shown.headers["x-amz-checksum-type"]) == (
            encoded(algorithm),
            "FULL_OBJECT",
        )


@pytest.mark.parametrize(
    "name", ["content-md5", *(f"x-amz-checksum-{algorithm}" for algorithm in ALGORITHMS)]
)
def test_wrong_and_malformed_checksums_store_nothing(r2: "LocalR2", bucket: str, name: str) -> None:
    """BadDigest, InvalidDigest."""
    algorithm = name.rpartition("-")[2]
    other = (
        hashlib.md5(b"x", usedforsecurity=False).digest() if algorithm == "md5" else digest(algorithm, b"x")
    )
    for value, code in ((base64.b64encode(other).decode(), "BadDigest"), ("AAAA=", "InvalidDigest"),
                        ("QQ==", "InvalidDigest")):  # fmt: skip
        reply = r2.send("PUT", f"/{bucket}/key", body=BODY, headers={name: value})
        assert (reply.status, f"<Code>{code}</Code>" in reply.body.decode()) == (400, True)
    assert r2.send("HEAD", f"/{bucket}/key").status == 404


def test_the_message_shows_both_digests(r2: "LocalR2", bucket: str) -> None:
    """As R2 writes it for MD5."""
    wrong, right = (hashlib.md5(body, usedforsecurity=False) for body in (b"x", BODY))
    headers = {"content-md5": base64.b64encode(wrong.digest()).decode()}
    reply = r2.send("PUT", f"/{bucket}/key", body=BODY, headers=headers)
    text = (
        "The MD5 checksum you specified did not match what we received.\n"
        f"You provided a MD5 checksum with value: {wrong.hexdigest()}\nActual MD5 was: {right.hexdigest()}"
    )
    assert f"<Message>{text}</Message>" in reply.body.decode()


def test_a_batch_delete_is_verified(r2: "LocalR2", bucket: str) -> None:
    """boto3 always sends CRC32 there."""
    body = b"<Delete><Object><Key>a</Key></Object></Delete>"
    good = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    for value, status in ((good, 200), (encoded("crc32"), 400)):
        headers = {"x-amz-checksum-crc32": value}
        assert r2.send("POST", f"/{bucket}?delete", body=body, headers=headers).status == status


def test_parts_have_a_composite_checksum(s3: Any, bucket: str, refused: Any) -> None:
    """That of the parts' checksums, with their number; a wrong one is refused at completion."""
    bodies = [b"a" * 5 * 2**20, b"b"]
    upload = {"Bucket": bucket, "Key": "key"}
    upload["UploadId"] = s3.create_multipart_upload(ChecksumAlgorithm="SHA256", **upload)["UploadId"]
    parts = []
    for number, body in enumerate(bodies, 1):
        checksum = {"ChecksumSHA256": encoded("sha256", body)}
        tag = s3.upload_part(PartNumber=number, Body=body, **checksum, **upload)["ETag"]
        parts.append({"PartNumber": number, "ETag": tag, **checksum})
    whole = encoded("sha256", b"".join(digest("sha256", body) for body in bodies)) + "-2"
    wrong_part = [parts[0] | {"ChecksumSHA256": encoded("sha256")}, parts[1]]
    complete = s3.complete_multipart_upload
    assert refused(complete, MultipartUpload={"Parts": wrong_part}, **upload)[:2] == (400, "InvalidPart")
    answer = refused(
        complete, MultipartUpload={"Parts": parts}, ChecksumSHA256=encoded("sha256") + "-2", **upload
    )
    assert answer[:2] == (400, "BadDigest")
    complete(MultipartUpload={"Parts": parts}, ChecksumSHA256=whole, **upload)
    head = s3.head_object(Bucket=bucket, Key="key", ChecksumMode="ENABLED")
    assert (head["ChecksumSHA256"], head["ChecksumType"]) == (whole, "COMPOSITE")
