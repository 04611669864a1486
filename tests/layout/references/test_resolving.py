"""Which object a value means: every form of LEGACY documents, value by value."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from layout.legacy import SCENES
from layout.references.resolving import Candidate, How, Resolution, resolve, tail_of
from layout.references.scenes import SCENES_TABLE
from layout.references.table import Field, Kind
from layout.references.walking import MISSING, at_path, value_at

KEYS = [
    "scenes/s1/media/1.tmp",
    "audio/proj_p/s1/a b+c%20.mp3",
    "proj_p_s2_media.mp4",
    "proj_p_s2_audio.mp3",
    "proj_proj_p_s3_media.mp4",
    "proj_p_s3_media.mp4",
    "scenes/s4/media/bg.jpg",
    "tmp1.mp4",
]
ENDPOINT = "https://abc.r2.cloudflarestorage.com/autoshorts-media"
SIGNED = "X-Amz-Date=20240101T000000Z&X-Amz-Expires=3600&X-Amz-Signature=00"


class Bucket:
    """Objects at literal keys, known by the scenes layout."""

    def __init__(self) -> None:
        self.all = [Candidate(row, key, SCENES.naming_of(key)) for row, key in enumerate(KEYS)]

    def at(self, key: str) -> Candidate | None:
        """By key."""
        return next((one for one in self.all if one.key == key), None)

    def called(self, name: str) -> Sequence[Candidate]:
        """By last segment."""
        return [one for one in self.all if one.key.rpartition("/")[2] == name]

    def of_group(self, group: str) -> Sequence[Candidate]:
        """By scene."""
        return [one for one in self.all if one.naming is not None and one.naming.group == group]


def _found(value: str, group: str = "s1", role: str = "") -> tuple[How, list[str]]:
    answer = resolve(value, group, role, Bucket(), bucket="autoshorts-media", hosts={"media.example"})
    return answer.how, [one.key for one in answer.objects]


@pytest.mark.parametrize(
    ("value", "group", "role", "how", "keys"),
    [
        ("scenes/s1/media/1.tmp", "s1", "media", How.KEY, [KEYS[0]]),
        ("/scenes/s1/media/1.tmp", "s1", "media", How.KEY, [KEYS[0]]),
        ("scenes%2Fs1%2Fmedia%2F1.tmp", "s1", "media", How.ENCODED, [KEYS[0]]),
        ("projects/proj_p/scenes/s1/media/1.tmp", "s1", "media", How.GENERATION, [KEYS[0]]),
        ("1.tmp", "s1", "media", How.FILE, [KEYS[0]]),
        ("a%20b%2Bc%2520.mp3", "s1", "audio", How.FILE, [KEYS[1]]),
        (f"{ENDPOINT}/audio/proj_p/s1/a%20b%2Bc%2520.mp3?{SIGNED}", "s1", "audio", How.PRESIGNED, [KEYS[1]]),
        ("https://media.example/scenes/s1/media/1.tmp", "s1", "media", How.PUBLIC, [KEYS[0]]),
        ("https://media.example/20240101.mp4", "s2", "media", How.PUBLIC, [KEYS[2]]),
        ("https://pub-1.r2.dev/scenes/s1/media/1.tmp", "s1", "", How.PUBLIC, [KEYS[0]]),
        ("20240101.mp4", "s2", "media", How.FILE, [KEYS[2]]),
        ("20240101.mp3", "s2", "audio", How.FILE, [KEYS[3]]),
        ("tmp1.mp4", "s1", "media", How.KEY, [KEYS[7]]),
    ],
)
def test_lesson_2_3_a_value_of_every_form_finds_its_object(
    value: str, group: str, role: str, how: How, keys: list[str]
) -> None:
    """Whole keys first, then names in the document's own scene."""
    assert _found(value, group, role) == (how, keys)


@pytest.mark.parametrize(
    ("value", "group", "how"),
    [
        ("https://www.example.org/post/1.tmp", "s1", How.EXTERNAL),
        ("http://[::1", "s1", How.EXTERNAL),
        ("bg.jpg", "s1", How.NOTHING),
        ("20240101.mov", "s2", How.NOTHING),
        ("", "s1", How.NOTHING),
        (f"{ENDPOINT}/gone.mp4", "", How.NOTHING),
    ],
)
def test_what_means_no_object_is_told_apart(value: str, group: str, how: How) -> None:
    """A file of the same name in another scene is none of this one."""
    assert _found(value, group) == (how, [])


def test_a_value_that_fits_two_objects_names_both() -> None:
    """A flat key was written with its prefix once and twice; which one a lost name means nobody can tell."""
    assert _found("20240101.mp4", "s3", "media") == (How.FILE, [KEYS[4], KEYS[5]])


@pytest.mark.parametrize(
    "name", ["100%.mp4", "a+b.mp4", "a b.mp4", "a#b.mp4", "a?b.mp4", "кадр.mp4", "%2F.mp4"]
)
def test_lesson_2_9_a_name_is_encoded_by_segment_and_comes_back(name: str) -> None:
    """Once the browser encoded a whole key with its slashes, and names with `%` were decoded once too often."""
    from urllib.parse import quote

    assert tail_of(f"https://media.example/scenes/s1/media/{quote(name, safe='')}?v=1") == name
    key = f"scenes/s1/media/{name}"
    only = Bucket()
    only.all = [Candidate(0, key, SCENES.naming_of(key))]
    for value in (key, quote(key, safe=""), f"https://media.example/{quote(key)}", quote(name, safe="")):
        answer = resolve(value, "s1", "media", only, bucket="b", hosts={"media.example"})
        assert answer == Resolution(answer.how, (only.all[0],))


def test_an_element_is_known_by_its_id_and_else_by_its_place() -> None:
    """What is no document, or no list, has no field."""
    document = {"_id": 1, "scenes": [{"id": "s1", "media": {"url": "u"}}, None, {"media": "x"}]}
    found = [(at.elements, at.value) for at in at_path(document, "scenes[].media.url")]
    assert found == [((("id", "s1"),), "u"), ((("index", 2),), MISSING)]
    assert list(at_path({"scenes": {}}, "scenes[].url")) == []
    assert value_at(document, "_id") == 1


def test_an_id_that_is_a_document_is_an_id_too() -> None:
    """It has no hash; of two alike each is known by its place too."""
    scenes = [{"id": {"n": 1}, "k": "a"}, {"id": {"n": 2}, "k": "b"}, {"id": {"n": 2}, "k": "c"}]
    assert [at.elements for at in at_path({"scenes": scenes}, "scenes[].k")] == [
        (("id", {"n": 1}),),
        (("twin", [1, {"n": 2}]),),
        (("twin", [2, {"n": 2}]),),
    ]


def test_a_path_has_to_name_a_field() -> None:
    """The declaration is checked when it is made."""
    from layout.errors import SchemeError

    with pytest.raises(SchemeError) as error:
        Field("projects", "files[]", Kind.KEY, "_id")
    assert str(error.value) == "The path 'files[]' of the collection 'projects' names no field."
    assert error.value.hint == "Write it like scenes[].media.url, with a field at its end."


def test_scenes_are_read_where_they_are() -> None:
    """Once a script read a collection of scenes while the application wrote scenes inside projects."""
    assert SCENES_TABLE.collections == ("projects", "scenes", "r2_file_paths")
    fields = {(field.collection, field.path) for field in SCENES_TABLE.fields}
    inside = {path.removeprefix("scenes[].") for name, path in fields if name == "projects"}
    assert inside == {path for name, path in fields if name == "scenes"}
