"""The documents of the scenes layout: projects with their scenes inside or beside, and records of uploads."""

import re

from layout.legacy.scenes import NOBODY, bare_project
from layout.references.table import Field, Kind, Owner, Part, ReferenceTable, Tracking

__all__ = ["SCENES_TABLE"]

_PROJECT_ID = re.compile(r"proj_\S+|[0-9a-f]{24}")
_KEY, _URL = Kind.KEY, Kind.URL
_OF_SCENE = (
    ("media.storageKey", _KEY, "media", ""),
    ("media.url", _URL, "media", "media.storageKey"),
    ("media.thumbnailUrl", _URL, "media", ""),
    ("audio.storageKey", _KEY, "audio", ""),
    ("audio.url", _URL, "audio", "audio.storageKey"),
    ("mediaUrl", _URL, "media", "media.storageKey"),
    ("audioUrl", _URL, "audio", "audio.storageKey"),
    ("storageKey", _KEY, "media", ""),
    ("storedUrl", _URL, "media", "storageKey"),
    ("url", _URL, "media", "media.storageKey"),
    ("media_url", _URL, "media", "media.storageKey"),
    ("media_metadata.r2_url", _URL, "media", "media.storageKey"),
)
"""Every shape that a scene had: nested, flat, and the older one with all of it on the scene."""

SCENES_TABLE = ReferenceTable(
    owners=(Owner("projects", ("proj_id", "name", "_id"), "user_id"),),
    parts=(
        Part("projects", "scenes[].id", "_id"),
        Part("scenes", "_id", "project_id"),
        Part("scenes", "id", "project_id"),
        Part("r2_file_paths", "scene_id", "project_id"),
    ),
    fields=(
        *(
            Field("projects", f"scenes[].{path}", kind, "_id", "id", role, becomes)
            for path, kind, role, becomes in _OF_SCENE
        ),
        *(
            Field("scenes", path, kind, "project_id", "_id", role, becomes)
            for path, kind, role, becomes in _OF_SCENE
        ),
        Field("r2_file_paths", "object_key", _KEY, "project_id", "scene_id"),
        Field("r2_file_paths", "metadata.url", _URL, "project_id", "scene_id"),
    ),
    bare=bare_project,
    is_project_id=lambda text: _PROJECT_ID.fullmatch(text) is not None,
    tracking=(Tracking("r2_file_paths", "object_key", "project_id", "scene_id", "user_id"),),
    nobody=NOBODY,
)
