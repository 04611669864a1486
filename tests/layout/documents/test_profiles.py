"""profiles.json and selected-profile.json."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layout.documents.profiles import Profile, Profiles, SelectedProfile, selected_profile_id
from layout.errors import InvalidDocumentError, NoProfileError
from layout.profile_ids import new_profile_id

HINT = "Correct the document by hand, or put back the copy that the application set aside under backups/."
REQUIRED_PROFILES = (
    b'{\n  "default": "a1b2c3d4",\n  "profiles": {\n    "a1b2c3d4": {\n      "name": null\n    }\n  }\n}\n'
)
REQUIRED_SELECTION = b'{\n  "profileId": "a1b2c3d4"\n}\n'
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def items(content: object) -> object:
    """Nested JSON with objects as lists of pairs, so that a comparison sees their order."""
    if isinstance(content, dict):
        return [(name, items(value)) for name, value in content.items()]
    return [items(value) for value in content] if isinstance(content, list) else content


def test_first_profiles_are_as_required() -> None:
    """A new user's document is the requirement's, byte for byte and a line feed."""
    assert Profiles.first("a1b2c3d4").to_json() == REQUIRED_PROFILES


def test_selection_is_as_required() -> None:
    """A selection is the requirement's, byte for byte and a line feed."""
    assert SelectedProfile(profile_id="a1b2c3d4").to_json() == REQUIRED_SELECTION


def test_documents_are_read() -> None:
    """Both documents are read from their required form."""
    profiles = Profiles.from_json(REQUIRED_PROFILES)
    assert (profiles.default, profiles.profiles) == ("a1b2c3d4", {"a1b2c3d4": Profile(name=None)})
    assert SelectedProfile.from_json(REQUIRED_SELECTION).profile_id == "a1b2c3d4"


def test_new_ids() -> None:
    """A new id is 8 lower-case hex characters, and another one each time."""
    ids = {new_profile_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch("[0-9a-f]{8}", profile) for profile in ids)


def test_first_profile_gets_a_new_id() -> None:
    """Without an id given, the first profile gets a new one."""
    profiles = Profiles.first()
    assert re.fullmatch("[0-9a-f]{8}", profiles.default)
    assert list(profiles.profiles) == [profiles.default]


@given(
    unknown=st.dictionaries(st.text(), JSON, max_size=3),
    in_profile=st.dictionaries(st.text(), JSON, max_size=3),
    data=st.data(),
)
def test_unknown_fields_survive(
    unknown: dict[str, object], in_profile: dict[str, object], data: st.DataObject
) -> None:
    """A document that is read and written again has all its fields, in their order."""
    profile = {**in_profile, "name": "Zoë"}
    content = {**unknown, "default": "a", "profiles": {"b": profile, "a": {"name": None}}}
    shuffled = dict(data.draw(st.permutations(list(content.items()))))
    written = Profiles.from_json(json.dumps(shuffled)).to_json()
    assert items(json.loads(written)) == items(shuffled)


@pytest.mark.parametrize(
    "name", ["model_config", "profiles_", "_order", "copy", "model_fields", "__class__", "first"]
)
def test_unknown_fields_with_unlucky_names(name: str) -> None:
    """A field that is called like something in the model is kept like any other."""
    document = {"default": "a", "profiles": {"a": {"name": None, name: 1}}, name: {"x": [1.5]}}
    assert json.loads(Profiles.from_json(json.dumps(document)).to_json()) == document


def test_color_survives_a_new_profile() -> None:
    """Adding a profile changes nothing about the others."""
    before = Profiles.from_json('{"default": "a", "profiles": {"a": {"color": "red", "name": null}}, "v": 1}')
    after = json.loads(before.with_profile("b", Profile(name="B")).to_json())
    assert items(after) == items(
        {"default": "a", "profiles": {"a": {"color": "red", "name": None}, "b": {"name": "B"}}, "v": 1}
    )


def test_half_a_surrogate_pair_survives() -> None:
    """A field that UTF-8 cannot carry is written as an escape."""
    document = r'{"default": "a", "profiles": {"a": {"name": "é"}}, "x": "\ud800"}'
    assert json.loads(Profiles.from_json(document).to_json()) == json.loads(document)


@pytest.mark.parametrize(
    ("data", "rest"),
    [
        (b"", " is not JSON: Expecting value: line 1 column 1 (char 0)."),
        (
            b"{",
            " is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1).",
        ),
        (b'{"a": NaN}', " is not JSON: NaN is no number of JSON."),
        (b'{"a": 1e400}', " is not JSON: 1e400 is too large a number."),
        (
            b'{"default": "a", "default": "b"}',
            " is not JSON: the field 'default' stands there twice.",
        ),
        (
            b"[]",
            ": the document is wrong: Input should be a valid dictionary or instance of Profiles, not [].",
        ),
        (b"{}", ": the field 'default' is missing (1 more fault)."),
        (b'{"default": "a"}', ": the field 'profiles' is missing."),
        (
            b'{"default": 1, "profiles": {"1": {"name": null}}}',
            ": the field 'default' is wrong: Input should be a valid string, not 1.",
        ),
        (
            b'{"default": "..", "profiles": {"..": {"name": null}}}',
            (
                ": the field 'default' is wrong: The profile id '..' is a relative path, not a name "
                "(1 more fault)."
            ),
        ),
        (
            b'{"default": "b", "profiles": {"a": {"name": null}}}',
            ": the document is wrong: the default profile must be one of the profiles, which 'b' is not.",
        ),
        (
            b'{"default": "a", "profiles": {"a": {"name": 7}, "b": {}, "c": {}}}',
            ": the field 'profiles.a.name' is wrong: Input should be a valid string, not 7 (2 more faults).",
        ),
        (
            b'{"default": "a", "profiles": {"a": {"name": null}, "b/c": {"name": null}}}',
            ": the field 'profiles' is wrong: The profile id 'b/c' contains '/'.",
        ),
        (
            '{"default": "é", "profiles": {"é": {"name": null}, "e\u0301": {"name": "2"}}}'.encode(),
            ": the field 'profiles' is wrong: two of the profile ids are one after Unicode normalisation.",
        ),
    ],
)
def test_wrong_documents(data: bytes, rest: str) -> None:
    """A wrong document is refused: which one, which field, what about it."""
    with pytest.raises(InvalidDocumentError) as caught:
        Profiles.from_json(data)
    assert (str(caught.value), caught.value.hint) == (f"profiles.json{rest}", HINT)


@pytest.mark.parametrize("name", ["profile_id", "profileID"])
def test_selection_has_one_spelling(name: str) -> None:
    """In a document the field is called profileId and nothing else."""
    with pytest.raises(InvalidDocumentError) as caught:
        SelectedProfile.from_json(json.dumps({name: "a"}), key="dev/users/u/selected-profile.json")
    assert str(caught.value) == "dev/users/u/selected-profile.json: the field 'profileId' is missing."
    assert caught.value.key == "dev/users/u/selected-profile.json"


def test_deep_document_is_refused() -> None:
    """A document nested deeper than anybody writes is refused, not a crash."""
    with pytest.raises(
        InvalidDocumentError, match=r"^profiles\.json is not JSON: maximum recursion depth exceeded"
    ):
        Profiles.from_json("[" * 100_000)


def test_ids_are_normalised() -> None:
    """Ids are kept in NFC, as they stand in keys."""
    profiles = Profiles.from_json('{"default": "e\u0301", "profiles": {"e\u0301": {"name": null}}}')
    assert (profiles.default, list(profiles.profiles)) == ("é", ["é"])
    assert profiles.require("e\u0301") == Profile(name=None)


def test_unknown_profile() -> None:
    """A profile that the user does not have is an error that names those there are."""
    profiles = Profiles.first("a").with_profile("b", Profile(name="B"))
    with pytest.raises(NoProfileError) as caught:
        profiles.require("c")
    assert (str(caught.value), caught.value.hint) == ("The user has no profile 'c'.", "Use one of a, b.")


def test_a_deleted_profile_never_comes_back() -> None:
    """It is gone in a copy, which remembers its id; deleting it again changes nothing."""
    profiles = Profiles.first("a").with_profile("b", Profile(name="B"))
    deleted = profiles.with_deleted("b", "2026-11-27T01:02:03Z")
    assert (list(deleted.profiles), list(deleted.deleted)) == (["a"], ["b"])
    assert list(profiles.profiles) == ["a", "b"]
    assert deleted.with_deleted("b", "2026-11-28T01:02:03Z") == deleted
    for use in (lambda: deleted.require("b"), lambda: deleted.with_profile("b", Profile(name="B"))):
        with pytest.raises(NoProfileError) as caught:
            use()
        assert str(caught.value) == "The profile 'b' was deleted at 2026-11-27T01:02:03Z."
        assert caught.value.hint == ("Use one of a. What the profile held is under backups/ for 30 days.")


def test_a_deleted_profile_is_written_down() -> None:
    """In the file, and read from it; a file without deleted profiles says nothing of them."""
    profiles = Profiles.first("a").with_profile("b", Profile(name="B"))
    assert b"deleted" not in profiles.to_json()
    deleted = profiles.with_deleted("b", "2026-11-27T01:02:03Z")
    assert json.loads(deleted.to_json())["deleted"] == {"b": {"at": "2026-11-27T01:02:03Z"}}
    assert Profiles.from_json(deleted.to_json()).to_json() == deleted.to_json()


def test_a_profile_is_not_both() -> None:
    """There and deleted: one of the two is wrong, and nobody can tell which."""
    text = '{"default": "a", "profiles": {"a": {"name": null}}, "deleted": {"a": {"at": "x"}}}'
    with pytest.raises(InvalidDocumentError) as caught:
        Profiles.from_json(text)
    assert str(caught.value) == "profiles.json: the document is wrong: the profile 'a' is there and deleted."


def test_default_stays() -> None:
    """The default profile cannot be removed."""
    with pytest.raises(NoProfileError) as caught:
        Profiles.first("a").with_deleted("a", "2026-11-27T01:02:03Z")
    assert str(caught.value) == "The profile 'a' is the user's default and cannot be removed."
    assert caught.value.hint == "Remove another profile, or the user as a whole."


def test_missing_selection_means_the_default() -> None:
    """A user who never chose works in the default profile."""
    assert selected_profile_id(Profiles.first("a"), None) == "a"


def test_a_selection_of_a_deleted_profile_means_the_default() -> None:
    """Another machine deleted it; the user goes on where they can."""
    profiles = (
        Profiles.first("a").with_profile("b", Profile(name="B")).with_deleted("b", "2026-11-27T01:02:03Z")
    )
    assert selected_profile_id(profiles, SelectedProfile(profile_id="b")) == "a"


def test_selection_counts() -> None:
    """A user who chose works in what was chosen."""
    profiles = Profiles.first("a").with_profile("b", Profile(name="B"))
    assert selected_profile_id(profiles, SelectedProfile(profile_id="b")) == "b"


def test_selection_of_a_removed_profile() -> None:
    """A selection that names no profile is an error, not the default."""
    with pytest.raises(NoProfileError) as caught:
        selected_profile_id(Profiles.first("a"), SelectedProfile(profile_id="b"))
    assert str(caught.value) == "The user has no profile 'b'."


def test_unknown_field_called_like_ours_in_python() -> None:
    """A field called as in our code, not as in the document, is an unknown field like any other."""
    document = {"profileId": "a", "profile_id": "z"}
    selection = SelectedProfile.from_json(json.dumps(document))
    assert (selection.profile_id, json.loads(selection.to_json())) == ("a", document)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_document_is_utf_8(encoding: str) -> None:
    """Python would read the others, and the applications that share the documents would not."""
    text = Profiles.first("a1b2c3d4").to_json().decode()
    with pytest.raises(InvalidDocumentError, match=r"^profiles\.json is not JSON: "):
        Profiles.from_json(text.encode(encoding))
    assert Profiles.from_json(text.encode("utf-8-sig")) == Profiles.first("a1b2c3d4")
