"""The scenes layout: media of the scenes of projects, in the generations of keys that lie side by side in one bucket.

::

    rule              old key                                                      owner from
    scene             scenes/{scene}/{type}/{file}                                 the scene's document
    project-scene     projects/{project}/scenes/{scene}/{type}/{file}              the project's document
    typed-scene       audio|video|media|thumbnails/{project}/{scene}/{file}        the project's document
    typed-joined      audio|video|media|thumbnails/{project}_{scene}/{file}        the project's document
    user-scene        users/{user}/projects/{project}/scenes/{scene}/{type}/{file} the document, else the key
    user-output       users/{user}/projects/{project}/output/{file}                the document, else the key
    flat-scene        proj_{project}_{scene}_{type}{extension}                     the project's document
    bare-name         {file}                                                       the only document that names it
    assembled         videos/{user}/{file}                                         the only document that names it

Every one moves to `{env}/users/{user}/projects/{project}/scenes/{scene}/{audio|media}/{file}`, or to the project's
`output/` if it has no scene (`general`, `output`). The visual types become `media`. A file keeps its name; a flat key,
whose name was thrown away when it was written, keeps its last segment.

`proj_proj_x`, `proj_x` and `x` are one project; the new layout has the spelling of the project's document. A user that
is missing there, or one of the two words that stood for nobody, is the operator's one constant: nobody owns by default.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from layout.keys import Key, MediaType, project_output_key, scene_file_key
from layout.legacy.documents import Documents, Project
from layout.legacy.legacy_layout import Evidence, Facts, LegacyLayout, Naming, Placement, move, unknown

__all__ = ["NOBODY", "SCENES", "SceneKey", "ScenesLayout", "bare_project", "read_scene_key"]

NOBODY = frozenset({"", "default", "default_user"})
"""How documents and keys wrote that a project is nobody's in particular."""

NO_SCENE = frozenset({"general", "output"})
_PREFIX = "proj_"
_TYPES = "image|video|gallery|media|unknown|audio"
_FOLDERS = "audio|video|media|thumbnails"
_RULES = {
    "scene": rf"scenes/(?P<scene>[^/]+)/(?P<type>{_TYPES})/(?P<file>[^/]+)",
    "project-scene": (
        rf"projects/(?P<project>[^/]+)/scenes/(?P<scene>[^/]+)/(?P<type>{_TYPES})/(?P<file>[^/]+)"
    ),
    "typed-scene": rf"(?P<type>{_FOLDERS})/(?P<project>[^/]+)/(?P<scene>[^/]+)/(?P<file>[^/]+)",
    "typed-joined": rf"(?P<type>{_FOLDERS})/(?P<project>[^/]+)_(?P<scene>[^/_]+)/(?P<file>[^/]+)",
    "user-scene": (
        r"users/(?P<user>[^/]+)/projects/(?P<project>[^/]+)/scenes/(?P<scene>[^/]+)"
        rf"/(?P<type>{_TYPES})/(?P<file>[^/]+)"
    ),
    "user-output": r"users/(?P<user>[^/]+)/projects/(?P<project>[^/]+)/output/(?P<file>[^/]+)",
    "flat-scene": (
        rf"(?P<file>(?P<project>(?:{_PREFIX})+[0-9A-Za-z-]+)_(?P<scene>[0-9A-Za-z-]+)_(?P<type>{_TYPES})(?:\.[^/]*)?)"
    ),
    "assembled": r"videos/(?P<user>[^/]+)/(?P<file>[^/]+)",
    "bare-name": r"(?P<file>[^/]+)",
}
_PATTERNS = {name: re.compile(pattern, re.DOTALL) for name, pattern in _RULES.items()}
_ROOTS = re.compile(rf"(?:scenes|projects|users|videos|{_FOLDERS})/")


@dataclass(frozen=True)
class SceneKey:
    """What an old key says by itself; a part that it does not say is empty.

    Attributes:
        rule: Name of the generation.
        file: The name of the file; of a flat key the whole key.
        user: As the key spells them.
        project: Likewise.
        scene: Likewise, `general` included.
        type: The old word for the kind of file.
    """

    rule: str
    file: str
    user: str = ""
    project: str = ""
    scene: str = ""
    type: str = ""

    @property
    def has_scene(self) -> bool:
        """Whether it is of a scene, and not of a project as a whole."""
        return bool(self.scene) and self.scene not in NO_SCENE

    @property
    def media_type(self) -> MediaType:
        """What the new layout calls the kind of file."""
        return "audio" if self.type == "audio" else "media"


def read_scene_key(key: str) -> SceneKey | None:
    """The generation of a key and its parts; None if it is of none."""
    for rule, pattern in _PATTERNS.items():
        if match := pattern.fullmatch(key):
            return SceneKey(rule, **match.groupdict())
    return None


def bare_project(spelling: str) -> str:
    """What all spellings of a project id have in common: it without `proj_` in front, however often it is there."""
    while spelling.startswith(_PREFIX):
        spelling = spelling.removeprefix(_PREFIX)
    return spelling


@dataclass(frozen=True)
class ScenesLayout(LegacyLayout):
    """Media of scenes, whose owners documents know."""

    name: ClassVar[str] = "scenes"
    description: ClassVar[str] = (
        "media of projects and scenes, into {env}/users/{user}/projects/; needs documents"
    )

    @property
    def has_profiles(self) -> bool:
        """No: projects lie directly under their users."""
        return False

    def owner_of(self, key: str) -> str | None:  # noqa: ARG002 - keys do not say it
        """None: what a key alone says of its owner may be wrong."""
        return None

    def evidence_in(self, key: str) -> Evidence | None:  # noqa: ARG002 - documents name the users
        """None: users are those whom documents name."""
        return None

    def naming_of(self, key: str) -> Naming | None:
        """The scene, the name and the kind of file, by which documents speak of an object."""
        parts = read_scene_key(key)
        if parts is None:
            return None
        role = parts.media_type if parts.type else ""
        group = parts.scene if parts.has_scene else ""
        return Naming(group, parts.file, role, renamed=parts.rule == "flat-scene")

    def place_old(self, key: str, facts: Facts) -> Placement:
        """By the generation of the key, with what documents say of its project."""
        parts = read_scene_key(key)
        if key.endswith(("/", ".empty_folder_marker")):
            return unknown(_area(parts), "folder-marker", "it marks a folder; the new layout has none")
        if parts is None:
            known = _ROOTS.match(key)
            reason = (
                f"no generation of keys has this form under {known[0]}" if known else "no rule knows its root"
            )
            return unknown("(other)", "unknown-form", reason)
        if parts.rule in {"bare-name", "assembled"}:
            return _place_named(key, parts, facts)
        found = _projects(parts, facts.documents)
        if len(found) > 1:
            return _several(parts, found, f"documents of several projects fit {_described(parts)}")
        if found:
            return _place_in(key, parts, found[0], facts)
        if parts.rule in {"user-scene", "user-output"}:
            return _place_in(key, parts, Project(parts.project, parts.user), facts)
        return unknown(_area(parts), parts.rule, f"no document says whose {_described(parts)} is")

    def old_key(self, new_key: Key, facts: Facts) -> str | None:
        """The key of the generation that names user, project and scene; None where it would not come back."""
        fields = new_key.fields
        names = {"scene_file", "project_output"}
        if new_key.template.name not in names or fields["env"] != facts.environment:
            return None
        old_key = str(new_key).removeprefix(f"{fields['env']}/")
        return old_key if self.place_old(old_key, facts).new_key == new_key else None


SCENES = ScenesLayout()


def _area(parts: SceneKey | None) -> str:
    return "(other)" if parts is None else parts.rule


def _projects(parts: SceneKey, documents: Documents) -> Sequence[Project]:
    if parts.project:
        return documents.projects(bare_project(parts.project))
    return documents.projects_of_scene(parts.scene)


def _described(parts: SceneKey) -> str:
    return f"project {parts.project!r}" if parts.project else f"scene {parts.scene!r}"


def _place_in(key: str, parts: SceneKey, project: Project, facts: Facts) -> Placement:
    if parts.user not in NOBODY and project.user not in NOBODY and parts.user != project.user:
        reason = f"its key is of the user {parts.user!r}, and its project's document of {project.user!r}"
        return unknown(_area(parts), "two-users", reason)
    user = project.user
    if user in NOBODY:
        user = parts.user if parts.user not in NOBODY else facts.documents.default_user
    if not user:
        reason = f"the document of project {project.id!r} names no user, and the plan was made without --default-user"
        return unknown(_area(parts), "no-user", reason)
    owner, environment = facts.user_of(user), facts.environment
    if not parts.has_scene:
        return move(
            key,
            _area(parts),
            parts.rule,
            lambda: project_output_key(owner, project.id, parts.file, environment=environment),
        )
    return move(
        key,
        _area(parts),
        parts.rule,
        lambda: scene_file_key(
            owner, project.id, parts.scene, parts.media_type, parts.file, environment=environment
        ),
    )


def _place_named(key: str, parts: SceneKey, facts: Facts) -> Placement:
    """A key that says nothing moves to the one project, and the one scene of it, that names it."""
    named = facts.documents.naming(key)
    projects = sorted({one.project for one in named})
    if not projects:
        return unknown(_area(parts), parts.rule, "no document names it")
    if len(projects) > 1:
        return _several(parts, projects, "documents of several projects name it")
    places = sorted({(one.scene, one.media_type) for one in named})
    scene, media_type = places[0] if len(places) == 1 else ("", "")
    user = parts.user if parts.rule == "assembled" else ""
    of_scene = SceneKey(parts.rule, parts.file, user, projects[0].id, scene, media_type)
    return _place_in(key, of_scene, projects[0], facts)


def _several(parts: SceneKey, found: Sequence[Project], reason: str) -> Placement:
    return unknown(_area(parts), parts.rule, f"{reason}: {', '.join(repr(one.id) for one in found)}")
