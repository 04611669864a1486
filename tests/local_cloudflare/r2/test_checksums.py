"""Checksums: what is declared is verified, and given back."""

import base64
import hashlib
import itertools
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config

from local_cloudflare.r2.store.checksums import ALGORITHMS, Hasher, combined_crc64nvme

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


TWO = "You can only specify one non-default checksum at a time."


def md5(body: bytes = BODY) -> str:
    """As in a header."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


@pytest.mark.parametrize("target", ["/key", "/key?partNumber=1&uploadId={upload}"])
@pytest.mark.parametrize(("one", "two"), list(itertools.combinations(["md5", *ALGORITHMS], 2)))
def test_one_checksum_is_enough(r2: "LocalR2", s3: Any, bucket: str, target: str, one: str, two: str) -> None:
    """Two of them are refused, right as they are: Rails and Vector send them."""
    upload = s3.create_multipart_upload(Bucket=bucket, Key="key")["UploadId"]
    headers = {
        "content-md5" if name == "md5" else f"x-amz-checksum-{name}": md5()
        if name == "md5"
        else encoded(name)
        for name in (one, two)
    }
    reply = r2.send("PUT", f"/{bucket}{target.format(upload=upload)}", body=BODY, headers=headers)
    assert reply.status == 400
    assert f"<Code>InvalidRequest</Code><Message>{TWO}</Message>" in reply.body.decode()
    assert r2.send("HEAD", f"/{bucket}/key").status == 404


def test_content_md5_beside_botocores_default_is_one_too_many(
    r2: "LocalR2", bucket: str, refused: Any
) -> None:
    """A boto3 client with its own configuration adds CRC32 to every upload."""
    config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
    client = r2.client(config=config)
    answer = refused(client.put_object, Bucket=bucket, Key="key", Body=BODY, ContentMD5=md5())
    assert answer == (400, "InvalidRequest", TWO)


@pytest.mark.parametrize("name", ["md5", "sha512", "xxhash64", "crc16"])
def test_a_checksum_of_another_algorithm_is_not_taken_on_trust(
    r2: "LocalR2", s3: Any, bucket: str, name: str
) -> None:
    """It is refused by name, on every operation whose body it could be about."""
    upload = s3.create_multipart_upload(Bucket=bucket, Key="key")["UploadId"]
    for method, target in (
        ("PUT", "/key"),
        ("PUT", f"/key?partNumber=1&uploadId={upload}"),
        ("POST", f"/key?uploadId={upload}"),
        ("POST", "?delete"),
    ):
        reply = r2.send(method, f"/{bucket}{target}", body=BODY, headers={f"x-amz-checksum-{name}": "AAAA"})
        text = f"Header &apos;x-amz-checksum-{name}&apos; with value &apos;AAAA&apos; not implemented"
        assert (reply.status, f"<Message>{text}</Message>" in reply.body.decode()) == (501, True)


@pytest.mark.parametrize("name", ["sha1", "sha256"])
def test_a_hash_of_a_part_is_not_implemented(r2: "LocalR2", s3: Any, bucket: str, name: str) -> None:
    """Even a right one, although an upload may be of that algorithm."""
    upload = s3.create_multipart_upload(Bucket=bucket, Key="key", ChecksumAlgorithm=name.upper())["UploadId"]
    target = f"/{bucket}/key?partNumber=1&uploadId={upload}"
    reply = r2.send("PUT", target, body=BODY, headers={f"x-amz-checksum-{name}": encoded(name)})
    assert (reply.status, b"<Code>NotImplemented</Code>" in reply.body) == (501, True)
    assert "Parts" not in s3.list_parts(Bucket=bucket, Key="key", UploadId=upload)


@pytest.mark.parametrize("request_headers", [{"range": "bytes=0-4"}, {"range": "bytes=0-"}])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_range_has_no_checksum_of_the_whole(
    r2: "LocalR2", bucket: str, algorithm: str, method: str, request_headers: dict[str, str]
) -> None:
    """Clients compare it with the bytes that they got."""
    r2.send("PUT", f"/{bucket}/key", body=BODY, headers={f"x-amz-checksum-{algorithm}": encoded(algorithm)})
    headers = {"x-amz-checksum-mode": "ENABLED"}
    for target, more in (("", request_headers), ("?partNumber=1", {})):
        reply = r2.send(method, f"/{bucket}/key{target}", headers=headers | more)
        assert reply.status == 206
        assert not [name for name in reply.headers if name.startswith("x-amz-checksum-")]


def test_boto3_reads_a_range_with_its_defaults(r2: "LocalR2", bucket: str) -> None:
    """It validates every checksum that an answer shows."""
    client = r2.client(config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}))
    client.put_object(Bucket=bucket, Key="key", Body=BODY)
    assert client.get_object(Bucket=bucket, Key="key", Range="bytes=0-4")["Body"].read() == BODY[:5]


PARTS = [b"a" * 5 * 2**20, b"b" * 77]


def parts_for(algorithm: str | None) -> list[bytes]:
    """Two parts; one small one where the checksum of five mebibytes would take half a second."""
    return PARTS[1:] if algorithm in {"crc32c", "crc64nvme"} else PARTS


def uploaded(
    s3: Any, bucket: str, algorithm: str | None, bodies: list[bytes], *, declared: bool = False
) -> dict[str, Any]:
    """The arguments that complete an upload of these parts."""
    upload = {"Bucket": bucket, "Key": "key"}
    begun = {} if algorithm is None else {"ChecksumAlgorithm": algorithm.upper()}
    upload["UploadId"] = s3.create_multipart_upload(**begun, **upload)["UploadId"]
    parts = []
    for number, body in enumerate(bodies, 1):
        checksum = {f"Checksum{str(algorithm).upper()}": encoded(str(algorithm), body)} if declared else {}
        tag = s3.upload_part(PartNumber=number, Body=body, **checksum, **upload)["ETag"]
        parts.append({"PartNumber": number, "ETag": tag, **checksum})
    return {"MultipartUpload": {"Parts": parts}, **upload}


def whole(algorithm: str) -> str:
    """The checksum of the object of those parts, as R2 makes it."""
    bodies = parts_for(algorithm)
    if algorithm == "crc64nvme":
        return encoded(algorithm, b"".join(bodies))
    return encoded(algorithm, b"".join(digest(algorithm, body) for body in bodies)) + f"-{len(bodies)}"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("begun", [True, False], ids=["of the upload", "of no upload"])
def test_the_checksum_of_an_object_of_parts_is_computed(
    s3: Any, bucket: str, refused: Any, algorithm: str, begun: bool
) -> None:
    """A wrong one is refused, of every algorithm, whether the parts came with checksums or not."""
    complete = uploaded(s3, bucket, algorithm if begun else None, parts_for(algorithm))
    name = f"Checksum{algorithm.upper()}"
    wrong = [encoded(algorithm), whole(algorithm).partition("-")[0] + "-3"]
    for value in wrong:
        assert refused(s3.complete_multipart_upload, **{name: value}, **complete)[:2] == (400, "BadDigest")
    s3.complete_multipart_upload(**{name: whole(algorithm)}, **complete)
    head = s3.head_object(Bucket=bucket, Key="key", ChecksumMode="ENABLED")
    kind = "FULL_OBJECT" if algorithm == "crc64nvme" else "COMPOSITE"
    assert (head.get(name), head.get("ChecksumType")) == ((whole(algorithm), kind) if begun else (None, None))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_checksum_that_a_completion_names_for_a_part_is_compared(
    s3: Any, bucket: str, refused: Any, algorithm: str
) -> None:
    """Also where the part was uploaded without one."""
    complete = uploaded(s3, bucket, None, [b"one part"])
    (part,) = complete["MultipartUpload"]["Parts"]
    name = f"Checksum{algorithm.upper()}"
    part[name] = encoded(algorithm)
    assert refused(s3.complete_multipart_upload, **complete)[:2] == (400, "InvalidPart")
    part[name] = encoded(algorithm, b"one part")
    s3.complete_multipart_upload(**complete)


def test_part_copies_count_for_the_checksum_of_the_object(s3: Any, bucket: str) -> None:
    """They are read once more than on R2, where nothing is known of it."""
    s3.put_object(Bucket=bucket, Key="source", Body=PARTS[0])
    upload = {"Bucket": bucket, "Key": "key"}
    upload["UploadId"] = s3.create_multipart_upload(ChecksumAlgorithm="CRC32", **upload)["UploadId"]
    source = {"CopySource": {"Bucket": bucket, "Key": "source"}}
    tags = [
        s3.upload_part_copy(PartNumber=1, **source, **upload)["CopyPartResult"]["ETag"],
        s3.upload_part(PartNumber=2, Body=PARTS[1], **upload)["ETag"],
    ]
    parts = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, 1)]
    s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, ChecksumCRC32=whole("crc32"), **upload)
    assert s3.head_object(Bucket=bucket, Key="key", ChecksumMode="ENABLED")["ChecksumCRC32"] == whole("crc32")


@pytest.mark.parametrize(
    ("algorithm", "kind"), [("crc32", "FULL_OBJECT"), ("crc32", "other"), ("crc64nvme", "COMPOSITE")]
)
def test_a_completion_names_the_type_that_r2_makes(
    s3: Any, bucket: str, refused: Any, algorithm: str, kind: str
) -> None:
    """As at the beginning of an upload."""
    complete = uploaded(s3, bucket, algorithm, [b"one part"])
    assert refused(s3.complete_multipart_upload, ChecksumType=kind, **complete)[:2] == (501, "NotImplemented")


def test_a_part_keeps_its_declared_checksum(s3: Any, bucket: str, refused: Any) -> None:
    """A wrong one is refused at once, and at completion."""
    complete = uploaded(s3, bucket, "crc32", PARTS, declared=True)
    parts = complete["MultipartUpload"]["Parts"]
    wrong = [parts[0] | {"ChecksumCRC32": encoded("crc32")}, parts[1]]
    answer = refused(s3.complete_multipart_upload, **(complete | {"MultipartUpload": {"Parts": wrong}}))
    assert answer[:2] == (400, "InvalidPart")
    s3.complete_multipart_upload(**complete)


@pytest.mark.parametrize("lengths", [[0], [9], [1, 8], [3, 0, 6], [2, 2, 2, 3]])
def test_crc64nvme_is_combined_from_pieces(lengths: list[int]) -> None:
    """The same as over the whole."""
    body, pieces = BODY[: sum(lengths)], list[tuple[bytes, int]]()
    for length in lengths:
        pieces.append((digest("crc64nvme", body[:length]), length))
        body = body[length:]
    assert combined_crc64nvme(pieces) == digest("crc64nvme", BODY[: sum(lengths)])


def test_a_checksum_that_is_announced_for_a_trailer_is_not_implemented(r2: "LocalR2", bucket: str) -> None:
    """Of a body without one it would never be compared."""
    reply = r2.send("PUT", f"/{bucket}/key", body=BODY, headers={"x-amz-trailer": "x-amz-checksum-crc32"})
    text = "Header &apos;x-amz-trailer&apos; with value &apos;x-amz-checksum-crc32&apos; not implemented"
    assert (reply.status, f"<Message>{text}</Message>" in reply.body.decode()) == (501, True)
