"""Documents in a running database: read whole, and changed at one path or not at all."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from bson import MinKey, ObjectId

from layout.errors import SettingsError, StorageUnavailableError
from layout.references.connecting import open_database
from layout.references.records import FoundOwner, FoundPart, FoundReference
from layout.references.rewriting import Change, read_values, rewrite
from layout.references.scanning import from_text, scan, to_text
from layout.references.scenes import SCENES_TABLE
from layout.references.walking import MISSING

if TYPE_CHECKING:
    from pymongo.database import Database

    Documents = Database[dict[str, Any]]

STORAGE_KEY = "scenes[].media.storageKey"


def _references(database: Documents, batch: int = 1_000) -> list[FoundReference]:
    return [one for said in scan(database, SCENES_TABLE, batch) for one in said.references]


def _change(document: object, old: str | None, new: str | None, scene: object = "s1") -> Change:
    element = ["index", scene] if isinstance(scene, int) else ["id", scene]
    return Change("projects", to_text(document), STORAGE_KEY, to_text([element]), old, new)


def _scene(scene: str | None, key: str | None) -> dict[str, Any]:
    named = {} if scene is None else {"id": scene}
    return named | {"title": "t", "media": {} if key is None else {"storageKey": key}}


def test_documents_with_ids_of_every_type_are_read(database: Documents) -> None:
    """Once one endpoint asked with a text for what had an ObjectId, and another converted first."""
    ids = [*(ObjectId() for _ in range(5)), *(f"p{number}" for number in range(5)), 7, 7.5]
    database.projects.insert_many([{"_id": _id, "scenes": [_scene("s1", f"{_id}.mp4")]} for _id in ids])
    for batch in (1, 2, 5, 1_000):
        found = _references(database, batch)
        assert sorted((one.document, one.value) for one in found) == sorted(
            (to_text(_id), f"{_id}.mp4") for _id in ids
        )


def test_an_id_of_a_type_without_order_is_an_error(database: Documents) -> None:
    """What the cursor would pass by is not silently left out."""
    database.projects.insert_one({"_id": MinKey()})
    with pytest.raises(StorageUnavailableError) as error:
        _references(database)
    assert str(error.value) == (
        "The collection 'projects' has an _id of the type MinKey, which cannot be read in order."
    )


def test_owners_scenes_and_references_are_found_in_both_places(database: Documents) -> None:
    """Scenes inside projects, scenes beside them, and records of uploads."""
    first, second = ObjectId(), ObjectId()
    database.projects.insert_one(
        {"_id": first, "name": "proj_a", "user_id": None, "scenes": [_scene("s1", "1.mp4")]}
    )
    database.scenes.insert_one(
        {"_id": second, "project_id": str(first), "audio": {"url": "https://x/1.mp3"}, "url": "u"}
    )
    database.r2_file_paths.insert_one(
        {"_id": "f", "project_id": "proj_proj_a", "object_key": "2.mp4", "scene_id": "s3"}
    )
    said = list(scan(database, SCENES_TABLE))
    assert [one for batch in said for one in batch.owners] == [
        FoundOwner("a", "proj_a", ""),
        FoundOwner(str(first), "proj_a", ""),
    ]
    assert [one for batch in said for one in batch.parts] == [
        FoundPart("s1", str(first)),
        FoundPart(str(second), str(first)),
        FoundPart("s3", "a"),
    ]
    found = [
        (one.collection, one.path, one.value, one.bare, one.group, one.becomes)
        for one in _references(database)
    ]
    assert found == [
        ("projects", STORAGE_KEY, "1.mp4", str(first), "s1", ""),
        ("scenes", "audio.url", "https://x/1.mp3", str(first), str(second), "audio.storageKey"),
        ("scenes", "url", "u", str(first), str(second), ""),
        ("r2_file_paths", "object_key", "2.mp4", "a", "s3", ""),
    ]


def test_a_change_is_made_at_its_very_path_and_nowhere_else(database: Documents) -> None:
    """Of an element that was moved in its list meanwhile, and of one that has no id."""
    before = [_scene("s2", "old"), _scene("s1", "old"), _scene(None, "old")]
    database.projects.insert_one({"_id": 1, "title": "t", "scenes": before})
    assert rewrite(database, [_change(1, "old", "new"), _change(1, "old", "third", scene=2)]) == [True, True]
    after = [_scene("s2", "old"), _scene("s1", "new"), _scene(None, "third")]
    assert database.projects.find_one() == {"_id": 1, "title": "t", "scenes": after}


def test_a_value_that_changed_meanwhile_is_not_overwritten(database: Documents) -> None:
    """What an application wrote during the run stays; the others of the bulk are changed."""
    database.projects.insert_many([{"_id": n, "scenes": [_scene("s1", f"old{n}")]} for n in range(3)])
    database.projects.update_one({"_id": 1}, {"$set": {"scenes.0.media.storageKey": "theirs"}})
    changes = [_change(n, f"old{n}", f"new{n}") for n in range(3)]
    assert rewrite(database, changes) == [True, False, True]
    assert read_values(database, changes) == ["new0", "theirs", "new2"]


def test_a_second_run_changes_nothing(database: Documents) -> None:
    """Once a second run took the new key for the old one, and deleted what it named."""
    database.projects.insert_one({"_id": 1, "scenes": [_scene("s1", "old")]})
    for _ in range(2):
        assert rewrite(database, [_change(1, "old", "new")]) == [True]
    assert database.projects.find_one() == {"_id": 1, "scenes": [_scene("s1", "new")]}


def test_a_missing_field_is_set_and_taken_away_again(database: Documents) -> None:
    """A document is afterwards as it was before."""
    document = {"_id": 1, "scenes": [{"id": "s0"}, _scene("s1", None), _scene("s2", None)]}
    database.projects.insert_one(dict(document))
    there = _change(1, None, "new")
    back = _change(1, "new", None)
    assert (rewrite(database, [there]), read_values(database, [there])) == ([True], ["new"])
    assert (rewrite(database, [back]), read_values(database, [there])) == ([True], [None])
    assert database.projects.find_one() == document


def test_what_is_gone_is_told_from_what_is_empty(database: Documents) -> None:
    """Neither the document nor the element is there."""
    database.projects.insert_one({"_id": 1, "scenes": []})
    changes = [_change(1, "old", "new"), _change(2, "old", "new")]
    assert rewrite(database, changes) == [False, False]
    assert read_values(database, changes) == [MISSING, MISSING]


def test_lesson_2_6_a_failure_is_no_answer() -> None:
    """Once an error of the database was read as "there are none", and everything was an orphan."""
    secret = "mongodb://anna:hunter2@127.0.0.1:1/"
    with pytest.raises(StorageUnavailableError) as error, open_database(secret, "notes", 50):
        pass
    assert str(error.value) == "The database 'notes' did not answer: ServerSelectionTimeoutError."


@pytest.mark.parametrize(
    ("uri", "name", "message"),
    [
        ("http://anna:hunter2@host", "x", "The address or the name of the MongoDB database is not valid."),
        ("mongodb://127.0.0.1:1", "a b", "The address or the name of the MongoDB database is not valid."),
        (
            "mongodb://127.0.0.1:1",
            None,
            "The address of MongoDB cannot be used: it names no database, or an option that there is not.",
        ),
    ],
)
def test_an_address_that_is_none_is_told_without_it(uri: str, name: str | None, message: str) -> None:
    """It may have a password in it."""
    with pytest.raises(SettingsError) as error, open_database(uri, name):
        pass
    assert str(error.value) == message


def test_ids_and_ways_come_back_from_their_text() -> None:
    """A number stays one of its own type."""
    for value in (ObjectId(), "s1", 7, 7.5, [["id", "s1"], ["index", 0]]):
        assert from_text(to_text(value)) == value


def test_lists_inside_lists_have_a_way_too(database: Documents) -> None:
    """Another application may keep shots in scenes; only the one is changed."""
    shots = [{"id": "a", "key": "old"}, {"id": "b", "key": "old"}]
    scenes = [{"id": "s1", "shots": shots}, {"id": "s2", "shots": shots}]
    database.films.insert_one({"_id": 1, "scenes": scenes})
    way = to_text([["id", "s2"], ["id", "b"]])
    change = Change("films", to_text(1), "scenes[].shots[].key", way, "old", "new")
    assert rewrite(database, [change]) == [True]
    after = [{"id": "s1", "shots": shots}, {"id": "s2", "shots": [shots[0], {"id": "b", "key": "new"}]}]
    assert database.films.find_one() == {"_id": 1, "scenes": after}


def test_of_two_elements_with_one_id_each_is_its_own(database: Documents) -> None:
    """A copied scene kept the id of the first."""
    database.projects.insert_one({"_id": 1, "scenes": [_scene("s1", "old"), _scene("s1", "old")]})
    first, second = _references(database)
    assert (from_text(first.elements), from_text(second.elements)) == (
        [["twin", [0, "s1"]]],
        [["twin", [1, "s1"]]],
    )
    change = Change("projects", second.document, second.path, second.elements, "old", "new")
    assert rewrite(database, [change]) == [True]
    assert database.projects.find_one() == {"_id": 1, "scenes": [_scene("s1", "old"), _scene("s1", "new")]}


def test_without_pymongo_there_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who moves no documents does not install it."""
    monkeypatch.setitem(sys.modules, "pymongo", None)
    with pytest.raises(SettingsError) as error, open_database("mongodb://127.0.0.1:1", "notes"):
        pass
    assert str(error.value) == "The package 'pymongo' is not installed, with which documents are read."
    assert error.value.hint == "Install it: pip install 'r2-layout[storage,mongo]'"
