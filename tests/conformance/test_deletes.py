"""Batch deletes."""

from typing import Any

from tests.conformance.area import Area, refusal


def _delete(area: Area, names: list[str], **parameters: Any) -> Any:
    objects = [{"Key": area.key(name)} for name in names]
    return area.s3.delete_objects(Bucket=area.bucket, Delete={"Objects": objects, **parameters})  # type: ignore[typeddict-item]


def test_batch(area: Area) -> None:
    """A batch removes its keys, reports each, and leaves the others."""
    for name in ("a", "b", "c"):
        area.put(name)
    answer = _delete(area, ["a", "b"])
    assert sorted(entry["Key"] for entry in answer["Deleted"]) == [area.key("a"), area.key("b")]
    assert area.names() == ["c"]


def test_missing_keys(area: Area) -> None:
    """Missing keys are reported as deleted."""
    answer = _delete(area, ["missing"])
    assert [entry["Key"] for entry in answer["Deleted"]] == [area.key("missing")]


def test_odd_names(area: Area) -> None:
    """Keys with leading and trailing spaces and XML's own characters are removed, not their neighbours."""
    names = [" space ", "a&b<c>", "quote\"'", "日本語"]
    for name in [*names, "space", "a"]:
        area.put(name)
    _delete(area, names)
    assert area.names() == ["a", "space"]


def test_thousand_keys(area: Area) -> None:
    """A batch may have 1,000 keys."""
    answer = _delete(area, [f"{number}" for number in range(1_000)])
    assert len(answer["Deleted"]) == 1_000


def test_more_than_a_thousand_keys(area: Area) -> None:
    """A batch of 1,001 keys is 400 MalformedXML."""
    assert refusal(lambda: _delete(area, [f"{number}" for number in range(1_001)])) == (400, "MalformedXML")


def test_quiet_is_ignored(area: Area) -> None:
    """Quiet does not silence the answer."""
    area.put("a")
    assert [entry["Key"] for entry in _delete(area, ["a"], Quiet=True)["Deleted"]] == [area.key("a")]
