"""Encryption with keys that the customer provides (SSE-C)."""

from typing import Any

from tests.conformance.area import Area, refusal, status

MIB = 2**20
KEY: dict[str, Any] = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
OTHER: dict[str, Any] = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "o" * 32}
OF_SOURCE: dict[str, Any] = {f"CopySource{name}": value for name, value in KEY.items()}


def test_read_with_the_key(area: Area) -> None:
    """An object that was put with a customer's key comes back with it, and the answers name the key's MD5."""
    area.put("object", b"secret", **KEY)
    assert area.get("object", **KEY) == b"secret"
    assert area.head("object", **KEY)["SSECustomerKeyMD5"] == "mT2HRsMGJ5IX5C+0rreZ8Q=="


def test_read_without_the_key(area: Area) -> None:
    """GET and HEAD of such an object without its key are 400."""
    area.put("object", b"secret", **KEY)
    assert (status(lambda: area.get("object")), status(lambda: area.head("object"))) == (400, 400)


def test_read_with_another_key(area: Area) -> None:
    """GET and HEAD of such an object with another key are refused."""
    area.put("object", b"secret", **KEY)
    refused = {status(lambda: area.get("object", **OTHER)), status(lambda: area.head("object", **OTHER))}
    assert refused <= {400, 403}


def test_key_for_a_plain_object(area: Area) -> None:
    """A customer's key does not fit an object that was put without one: 400 InvalidRequest."""
    area.put("object", b"plain")
    assert refusal(lambda: area.get("object", **KEY)) == (400, "InvalidRequest")


def test_copy_to_another_key(area: Area) -> None:
    """A copy is read with the key that it was given, its source is read with the source's."""
    area.put("object", b"secret", **KEY)
    area.copy("object", "copy", **OF_SOURCE, **OTHER)
    assert area.get("copy", **OTHER) == b"secret"


def test_copy_without_the_key(area: Area) -> None:
    """A copy of such an object without its key is 400."""
    area.put("object", b"secret", **KEY)
    assert status(lambda: area.copy("object", "copy")) == 400


def test_parts_with_the_key(area: Area) -> None:
    """Each part of an upload with a customer's key is sent with it, and so is the object read."""
    upload = area.start_upload("object", **KEY)
    parts = []
    for number, body in enumerate((b"a" * 5 * MIB, b"end"), 1):
        answer = area.s3.upload_part(PartNumber=number, Body=body, **upload.address, **KEY)
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    upload.complete(parts, **KEY)
    assert area.get("object", **KEY) == b"a" * 5 * MIB + b"end"


def test_part_without_the_key(area: Area) -> None:
    """A part of such an upload without its key is 400."""
    upload = area.start_upload("object", **KEY)
    assert status(lambda: upload.part(1, b"part")) == 400
