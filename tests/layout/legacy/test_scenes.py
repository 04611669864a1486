"""The scenes layout, key by key: every generation, with what documents say and without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from layout.environment import Environment
from layout.keys import parse_key
from layout.legacy import SCENES, Decision, Facts, NamedIn, Naming, Project
from layout.legacy.scenes import bare_project, read_scene_key

SCENE = "8sw4kf9sgt61wshaam41gpj"
NIGHT = Project("proj_m8rzcejd", "anna")
NOBODYS = Project("661f0c2e9b1d8a0012345678", "")


@dataclass
class Told:
    """Documents as literal answers."""

    default_user: str = "default"
    names: dict[str, list[NamedIn]] = field(default_factory=dict)

    def projects(self, bare_id: str) -> Sequence[Project]:
        """Three, of which two have one spelling."""
        twins = [Project("proj_twin", "anna"), Project("twin", "bob")]
        found = {
            "m8rzcejd": [NIGHT],
            NOBODYS.id: [NOBODYS],
            "twin": twins,
            "d0": [Project("d0", "default_user")],
        }
        return found.get(bare_id, [])

    def projects_of_scene(self, scene: str) -> Sequence[Project]:
        """The first one's scene, and one that two projects have."""
        return {SCENE: [NIGHT], "shared": [NOBODYS, NIGHT]}.get(scene, [])

    def naming(self, key: str) -> Sequence[NamedIn]:
        """Those of the test."""
        return self.names.get(key, [])


FACTS = Facts(Environment.DEV, lambda _: None, documents=Told())
NIGHT_PREFIX = "dev/users/anna/projects/proj_m8rzcejd"
IN_SCENE = f"{NIGHT_PREFIX}/scenes/{SCENE}"
FLAT_KEY = f"proj_m8rzcejd_{SCENE}_media.mp4"

MOVES = {
    f"scenes/{SCENE}/media/20250401123000.tmp": ("scene", f"{IN_SCENE}/media/20250401123000.tmp"),
    f"projects/proj_m8rzcejd/scenes/{SCENE}/media/1.tmp": ("project-scene", f"{IN_SCENE}/media/1.tmp"),
    f"projects/m8rzcejd/scenes/{SCENE}/media/1.tmp": ("project-scene", f"{IN_SCENE}/media/1.tmp"),
    f"audio/proj_m8rzcejd/{SCENE}/20240514123456_adam.mp3": (
        "typed-scene",
        f"{IN_SCENE}/audio/20240514123456_adam.mp3",
    ),
    f"video/m8rzcejd/{SCENE}/1.mp4": ("typed-scene", f"{IN_SCENE}/media/1.mp4"),
    f"thumbnails/proj_m8rzcejd/{SCENE}/1.jpg": ("typed-scene", f"{IN_SCENE}/media/1.jpg"),
    f"audio/proj_m8rzcejd_{SCENE}/1.mp3": ("typed-joined", f"{IN_SCENE}/audio/1.mp3"),
    f"media/m8rzcejd_{SCENE}/50% off#1?.jpg": ("typed-joined", f"{IN_SCENE}/media/50% off#1?.jpg"),
    f"users/default/projects/proj_m8rzcejd/scenes/{SCENE}/image/bg.jpg": (
        "user-scene",
        f"{IN_SCENE}/media/bg.jpg",
    ),
    f"users/anna/projects/m8rzcejd/scenes/{SCENE}/gallery/1.jpg": ("user-scene", f"{IN_SCENE}/media/1.jpg"),
    f"users/anna/projects/m8rzcejd/scenes/{SCENE}/unknown/1": ("user-scene", f"{IN_SCENE}/media/1"),
    "users/anna/projects/m8rzcejd/scenes/general/audio/1.mp3": ("user-scene", f"{NIGHT_PREFIX}/output/1.mp3"),
    f"proj_proj_m8rzcejd_{SCENE}_media.mp4": (
        "flat-scene",
        f"{IN_SCENE}/media/proj_proj_m8rzcejd_{SCENE}_media.mp4",
    ),
    FLAT_KEY: ("flat-scene", f"{IN_SCENE}/media/{FLAT_KEY}"),
    f"proj_m8rzcejd_{SCENE}_audio.mp3": ("flat-scene", f"{IN_SCENE}/audio/proj_m8rzcejd_{SCENE}_audio.mp3"),
    f"proj_m8rzcejd_{SCENE}_image": ("flat-scene", f"{IN_SCENE}/media/proj_m8rzcejd_{SCENE}_image"),
    "proj_m8rzcejd_general_media.mp4": (
        "flat-scene",
        f"{NIGHT_PREFIX}/output/proj_m8rzcejd_general_media.mp4",
    ),
    "proj_661f0c2e9b1d8a0012345678_s1_media.mp4": (
        "flat-scene",
        f"dev/users/default/projects/{NOBODYS.id}/scenes/s1/media/proj_661f0c2e9b1d8a0012345678_s1_media.mp4",
    ),
    "projects/d0/scenes/s1/media/1.mp4": (
        "project-scene",
        "dev/users/default/projects/d0/scenes/s1/media/1.mp4",
    ),
    "users/anna/projects/proj_m8rzcejd/output/final_video.mp4": (
        "user-output",
        f"{NIGHT_PREFIX}/output/final_video.mp4",
    ),
    "users/carla/projects/proj_new/scenes/s1/media/1.mp4": (
        "user-scene",
        "dev/users/carla/projects/proj_new/scenes/s1/media/1.mp4",
    ),
    "users/default_user/projects/proj_new/output/1.mp4": (
        "user-output",
        "dev/users/default/projects/proj_new/output/1.mp4",
    ),
}

STAYS = {
    "scenes/gone/media/1.tmp": "no document says whose scene 'gone' is",
    "scenes/shared/media/1.tmp": (
        "documents of several projects fit scene 'shared': '661f0c2e9b1d8a0012345678', 'proj_m8rzcejd'"
    ),
    "projects/gone/scenes/s1/media/1.tmp": "no document says whose project 'gone' is",
    "audio/twin/s1/1.mp3": "documents of several projects fit project 'twin': 'proj_twin', 'twin'",
    "proj_M8RZCEJD_s1_media.mp4": "no document says whose project 'proj_M8RZCEJD' is",
    "users/bob/projects/m8rzcejd/scenes/s1/media/1.mp4": (
        "its key is of the user 'bob', and its project's document of 'anna'"
    ),
    "tmpab12cd34.mp4": "no document names it",
    "videos/anna/0b6c.mp4": "no document names it",
    "scenes/": "it marks a folder; the new layout has none",
    "projects/m8rzcejd/.empty_folder_marker": "it marks a folder; the new layout has none",
    "projects/m8rzcejd/1.mp4": "no generation of keys has this form under projects/",
    "backup/2024/1.mp4": "no rule knows its root",
}


@pytest.mark.parametrize("key", MOVES)
def test_a_key_of_every_generation_moves(key: str) -> None:
    """Project, scene and kind come from the key, the project's spelling and its user from the document."""
    placement = SCENES.place(key, FACTS)
    assert (placement.rule, placement.new_key, placement.reason) == (MOVES[key][0], MOVES[key][1], "")


@pytest.mark.parametrize("key", STAYS)
def test_what_no_rule_places_is_unknown_with_its_reason(key: str) -> None:
    """A guess would give an object to somebody else."""
    placement = SCENES.place(key, FACTS)
    assert (placement.decision, placement.reason) == (Decision.UNKNOWN, STAYS[key])


@pytest.mark.parametrize("key", ["tmpab12cd34.mp4", "videos/default/0b6c.mp4"])
@pytest.mark.parametrize(
    ("named", "new_key"),
    [
        ([NamedIn(NIGHT, SCENE, "audio")], f"{IN_SCENE}/audio/"),
        ([NamedIn(NIGHT)], f"{NIGHT_PREFIX}/output/"),
        ([NamedIn(NIGHT, SCENE, "media"), NamedIn(NIGHT, "s2", "media")], f"{NIGHT_PREFIX}/output/"),
    ],
)
def test_a_bare_key_goes_to_the_only_project_that_names_it(
    key: str, named: list[NamedIn], new_key: str
) -> None:
    """Into its scene if there is one such scene, else to what belongs to the project."""
    facts = Facts(Environment.DEV, lambda _: None, documents=Told(names={key: named}))
    assert SCENES.place(key, facts).new_key == new_key + key.rpartition("/")[2]


def test_a_bare_key_that_two_projects_name_stays() -> None:
    """Both are named."""
    told = Told(names={"1.mp4": [NamedIn(NIGHT, SCENE, "media"), NamedIn(NOBODYS, "s2", "media")]})
    placement = SCENES.place("1.mp4", Facts(Environment.DEV, lambda _: None, documents=told))
    reason = "documents of several projects name it: '661f0c2e9b1d8a0012345678', 'proj_m8rzcejd'"
    assert (placement.decision, placement.reason) == (Decision.UNKNOWN, reason)


def test_lesson_2_4_two_words_for_nobody_are_one_constant_and_none_is_an_error() -> None:
    """Once uploads wrote `default_user`, and voices and deletes `default`: the operator names one, or nothing moves."""
    keys = [
        "users/default/projects/d0/output/1.mp4",
        "users/default_user/projects/d0/output/1.mp4",
        "projects/d0/scenes/general/media/1.mp4",
    ]
    studio = Facts(Environment.DEV, lambda _: None, documents=Told("studio"))
    assert {SCENES.place(key, studio).new_key for key in keys} == {
        "dev/users/studio/projects/d0/output/1.mp4"
    }
    nobody = Facts(Environment.DEV, lambda _: None, documents=Told(""))
    assert {SCENES.place(key, nobody).reason for key in keys} == {
        "the document of project 'd0' names no user, and the plan was made without --default-user"
    }


def test_lesson_2_2_an_id_is_parsed_once_and_a_prefix_is_never_added_twice() -> None:
    """Once `proj_` was added to an id that had it, and deletion then missed both forms."""
    assert {bare_project(text) for text in ("x", "proj_x", "proj_proj_x")} == {"x"}
    keys = [f"{prefix}m8rzcejd/scenes/s1/media/1.mp4" for prefix in ("", "proj_", "proj_proj_")]
    new_keys = {SCENES.place(f"projects/{key}", FACTS).new_key for key in keys}
    assert new_keys == {f"{NIGHT_PREFIX}/scenes/s1/media/1.mp4"}


def test_the_way_back_is_the_youngest_generation() -> None:
    """It names all that the new key names; a key whose owner it cannot hold has no way back."""
    new_key = parse_key(f"{IN_SCENE}/media/1.mp4")
    assert SCENES.old_key(new_key, FACTS) == f"users/anna/projects/proj_m8rzcejd/scenes/{SCENE}/media/1.mp4"
    assert SCENES.old_key(parse_key("dev/users/bob/projects/m8rzcejd/output/1.mp4"), FACTS) is None
    assert SCENES.old_key(parse_key("prod/users/anna/projects/m8rzcejd/output/1.mp4"), FACTS) is None
    assert SCENES.old_key(parse_key("dev/users/anna/profiles/p/1.mp4"), FACTS) is None


@pytest.mark.parametrize(
    ("key", "naming"),
    [
        (f"scenes/{SCENE}/media/1.tmp", Naming(SCENE, "1.tmp", "media", renamed=False)),
        (FLAT_KEY, Naming(SCENE, FLAT_KEY, "media", renamed=True)),
        ("proj_x_general_audio.mp3", Naming("", "proj_x_general_audio.mp3", "audio", renamed=True)),
        ("tmp1.mp4", Naming("", "tmp1.mp4", "", renamed=False)),
        ("backup/2024/1.mp4", None),
    ],
)
def test_documents_may_name_an_object_by_its_scene_and_file(key: str, naming: Naming | None) -> None:
    """Of a flat key they know another name, which was thrown away."""
    assert SCENES.naming_of(key) == naming


def test_nobody_has_profiles_in_it() -> None:
    """Keys alone show no user, since what they say may be wrong."""
    assert not SCENES.has_profiles
    assert (SCENES.owner_of("users/anna/projects/p/output/1"), SCENES.evidence_in("1.mp4")) == (None, None)
    assert read_scene_key("a/b/c") is None
