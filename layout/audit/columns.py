"""The columns of the video application that name objects (its databases, one a profile).

Most hold a bare file name, whose folder in the profile follows from the table. A hash is the name of a shared game.
A few hold a path, a key or a URL, or JSON in which such texts stand: what they name is used, and nothing is said to
be missing because of them, since they may as well be addresses elsewhere.
"""

import enum
from dataclasses import dataclass

__all__ = ["COLUMNS", "Column", "Holds"]


class Holds(enum.Enum):
    """What a value of a column is."""

    NAME = "name"
    """The name of a file in a folder of the profile."""
    HASH = "hash"
    """The hash that a shared game is called by."""
    TEXT = "text"
    """A path in the profile, a key, a URL, a name; or JSON with such texts in it."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        table: Its table.
        name: Its name.
        holds: What its values are.
        folder: Of the files that it names, in the profile; segments joined by `/`, without one at the end.
        unless: A column of the same table: where that is filled, this one is a left-over.
    """

    table: str
    name: str
    holds: Holds
    folder: str = ""
    unless: str = ""


_BY_FOLDER = {
    "raw_clips": (("raw_clips", "filename"),),
    "uploads": (("working_clips", "uploaded_filename"),),
    "working_videos": (("working_videos", "filename"),),
    "final_videos": (("final_videos", "filename"),),
    "final_videos/posters": (("final_videos", "poster_filename"),),
}
_HASH = "blake3_hash"
_HASHES = ("games", "game_videos", "game_storage", "user_games")
_TEXTS = (
    ("games", "recap_video_url"),
    ("export_jobs", "output_filename"),
    ("export_jobs", "output_key"),
    ("export_jobs", "input_data"),
    ("before_after_tracks", "source_path"),
    ("modal_tasks", "params"),
    ("intro_cards", "image_key"),
    ("intro_cards", "image_cutout_key"),
)

COLUMNS = (
    *(
        Column(table, name, Holds.NAME, folder)
        for folder, columns in _BY_FOLDER.items()
        for table, name in columns
    ),
    Column("games", "video_filename", Holds.NAME, "games", unless=_HASH),
    *(Column(table, _HASH, Holds.HASH) for table in _HASHES),
    *(Column(table, name, Holds.TEXT) for table, name in _TEXTS),
)
"""The whole table."""
