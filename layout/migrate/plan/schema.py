"""What a plan file holds: the tables, and the words in their columns.

A plan is one SQLite file. It is the account of every object of the bucket at one time, the journal of
the run that moves them, and what one CI job hands to the next. It is written with a rollback journal, so
that after each command the one file is the whole plan.
"""

import enum

from layout.migrate.plan.life import words
from layout.migrate.plan.moves import BLOCKING, Proof, State
from layout.migrate.plan.reference_states import ReferenceState
from layout.migrate.plan.return_states import ReturnState

__all__ = ["APPLICATION_ID", "FORMAT", "TABLES", "UserState"]

FORMAT = 9
"""Raised when a table changes; a command refuses a plan of another format."""

APPLICATION_ID = 0x72326C70
"""`r2lp` in ASCII: SQLite's own field for telling one kind of file from another."""


class UserState(enum.StrEnum):
    """How far a user's profile files have come."""

    PLANNED = "planned"
    READY = "ready"
    """Both files are there and name the planned profile."""
    CONFLICT = "conflict"
    """The files name another profile, or are wrong; the reason is beside it."""
    LATER = "later"
    """The plan is of other users."""
    NO_PROFILES = "no profiles"
    """The layout gives its users none: there are no such files, and none are made."""
    INVALID = "invalid"
    """The owner's name in the old layout cannot be a user id of the new one."""


TABLES = f"""
-- One row: facts about the plan, as JSON (layout.migrate.plan.file.PlanMeta).
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    facts TEXT NOT NULL
) STRICT;

-- Owners in the old layout that are users, and the profile that each user's objects go to.
CREATE TABLE users (
    owner TEXT PRIMARY KEY,             -- owner reference of the old layout (LegacyLayout.owner_of)
    user_id TEXT NOT NULL DEFAULT '',   -- the same in the new layout (NFC)
    prefix TEXT NOT NULL DEFAULT '',    -- {{env}}/users/{{user_id}}/
    profile_id TEXT NOT NULL DEFAULT '',
    origin TEXT NOT NULL DEFAULT '',    -- 'registry': read from profiles.json, 'reserved': made for this plan,
                                        -- 'bucket plan': of local files, from the plan of their bucket
    state TEXT NOT NULL DEFAULT '{UserState.PLANNED}' CHECK (state IN ({words(UserState)})),
    reason TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

-- What shows that these owners are users (layout.legacy.Evidence).
CREATE TABLE evidence (
    owner TEXT NOT NULL,                -- users.owner
    name TEXT NOT NULL,                 -- a name in one of their keys, the same for every user
    PRIMARY KEY (owner, name)
) STRICT, WITHOUT ROWID;

-- The rule file that the plan was made with, as it was; no row without one.
CREATE TABLE rule_file (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    name TEXT NOT NULL,                 -- of the file, as the operator gave it
    text TEXT NOT NULL
) STRICT;

-- How many keys each rule of it matched, a rule being known by its line.
CREATE TABLE rule_matches (
    line INTEGER PRIMARY KEY,
    objects INTEGER NOT NULL
) STRICT;

-- Every object of the bucket, those of the new layout included: they are the existing destinations.
CREATE TABLE objects (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,           -- as listed, byte for byte
    etag TEXT NOT NULL,                 -- without quotes; '-N' at the end: multipart, no hash of the body
    size INTEGER NOT NULL,              -- bytes
    modified TEXT NOT NULL,             -- ISO 8601, UTC, as listed
    storage_class TEXT NOT NULL,        -- STANDARD or STANDARD_IA
    area TEXT NOT NULL DEFAULT '',
    rule TEXT NOT NULL DEFAULT '',      -- name of the rule that decided; 'line N': of the rule file
    reason TEXT NOT NULL DEFAULT '',    -- for people; empty for a plain copy
    owner TEXT NOT NULL DEFAULT '',     -- users.owner; empty: no user
    new_key TEXT,
    collides INTEGER NOT NULL DEFAULT 0,  -- 1: another object wants the same new key
    phase INTEGER NOT NULL DEFAULT 0,   -- 0 media, 1 databases
    -- How far it has come; layout.migrate.plan.moves is the table of all moves.
    state TEXT NOT NULL DEFAULT '{State.LISTED}' CHECK (state IN ({words(State)})),
    replaces TEXT,                      -- ETag at the new key that the copy may replace; NULL: it must be free
    replaced_to TEXT,                   -- backup that what it replaces is copied to before; NULL: none is made
    new_etag TEXT,                      -- of the destination when it was copied or found
    new_modified TEXT,                  -- last-modified time of the destination then
    proof TEXT CHECK (proof IN ({words(Proof)})),  -- by what that was known to be the same object
    own_etag TEXT,                      -- that this plan's own copy had at the new key; NULL: there is none
    checked_in INTEGER,                 -- number of the last verification that looked at it
    changed_in INTEGER,                 -- of the last one that found it written or deleted there since it is live
    verified_at TEXT,                   -- when a verification last found it right
    deleted_at TEXT,
    problem TEXT                        -- what the last attempt or verification found wrong
) STRICT;

-- What is known of both sides of a conflict (layout.migrate.conflicts.evidence), as JSON.
CREATE TABLE conflict_evidence (
    object INTEGER PRIMARY KEY REFERENCES objects,
    sides TEXT NOT NULL
) STRICT;

-- Objects of the new layout, as the last rollback found them.
CREATE TABLE returns (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,           -- new key, in NFC
    etag TEXT NOT NULL,
    size INTEGER NOT NULL,
    modified TEXT NOT NULL,
    storage_class TEXT NOT NULL,
    old_key TEXT,                       -- where it goes; NULL: nowhere
    phase INTEGER NOT NULL DEFAULT 0,   -- as of objects
    -- How far it has come; layout.migrate.plan.return_states is the table of all moves.
    state TEXT NOT NULL CHECK (state IN ({words(ReturnState)})),
    replaces TEXT,                      -- ETag at the old key that the copy may replace; NULL: it must be free
    replaced_to TEXT,                   -- backup that is made of that before
    old_etag TEXT,                      -- of the object at the old key when it was known to be the same
    old_modified TEXT,
    proof TEXT CHECK (proof IN ({words(Proof)})),
    removable INTEGER NOT NULL,         -- 1: it came after the plan was made, so it may go once it is back
    found_in INTEGER NOT NULL,          -- number of the rollback that listed it last
    problem TEXT
) STRICT;
CREATE UNIQUE INDEX return_destinations ON returns (old_key) WHERE old_key IS NOT NULL;

-- Uploads that copies in parts have begun (layout.migrate.plan.part_uploads).
CREATE TABLE part_uploads (
    object INTEGER PRIMARY KEY REFERENCES objects,
    upload TEXT NOT NULL,               -- its id
    source TEXT NOT NULL                -- ETag and time of the old object whose parts it has
) STRICT;

-- Keys that were listed in another Unicode spelling than NFC, in which new keys are written. They are one object.
CREATE TABLE spellings (
    name TEXT PRIMARY KEY,              -- in NFC
    key TEXT NOT NULL                   -- objects.key
) STRICT, WITHOUT ROWID;

-- What documents say of projects and of their parts; empty without documents (layout.references).
CREATE TABLE document_projects (
    bare TEXT NOT NULL,                 -- what all spellings of the project's id have in common
    project TEXT NOT NULL,              -- its id in the new layout
    user TEXT NOT NULL,                 -- as the document spells them; empty: it names none
    PRIMARY KEY (bare, project, user)
) STRICT, WITHOUT ROWID;
CREATE TABLE document_parts (
    part TEXT NOT NULL,                 -- such as the id of a scene
    bare TEXT NOT NULL,                 -- document_projects.bare
    PRIMARY KEY (part, bare)
) STRICT, WITHOUT ROWID;

-- Every value in a document that may name an object.
CREATE TABLE document_references (
    id INTEGER PRIMARY KEY,
    collection TEXT NOT NULL,
    document TEXT NOT NULL,             -- its _id, canonical extended JSON
    path TEXT NOT NULL,                 -- as declared
    elements TEXT NOT NULL,             -- of the lists on the way, canonical extended JSON
    value TEXT,                         -- what the document has, or had before this plan; NULL: no such field
    tail TEXT NOT NULL DEFAULT '',      -- last segment that the value names
    bare TEXT NOT NULL,                 -- document_projects.bare; empty: none
    part TEXT NOT NULL,                 -- document_parts.part; empty: none
    role TEXT NOT NULL,
    becomes TEXT NOT NULL DEFAULT '',   -- the field that gets the key too
    how TEXT NOT NULL DEFAULT '',       -- layout.references.resolving.How
    object INTEGER REFERENCES objects,  -- what it names
    candidates TEXT NOT NULL DEFAULT '[]',  -- rows of the objects that fit alike, as JSON
    new_value TEXT,                     -- what this plan wrote
    met_in INTEGER NOT NULL,            -- number of the last reading of the documents that met it
    -- How far it has come; layout.migrate.plan.reference_states is the table of all moves.
    state TEXT NOT NULL DEFAULT '{ReferenceState.FOUND}' CHECK (state IN ({words(ReferenceState)})),
    UNIQUE (collection, document, path, elements)
) STRICT;
CREATE INDEX references_by_object ON document_references (object) WHERE object IS NOT NULL;
CREATE INDEX references_by_tail ON document_references (tail);
CREATE INDEX references_by_state ON document_references (state, id);

-- How documents may name an object besides by its key (layout.legacy.Naming).
CREATE TABLE object_names (
    object INTEGER PRIMARY KEY REFERENCES objects,
    part TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    renamed INTEGER NOT NULL
) STRICT;
CREATE INDEX objects_by_name ON object_names (name);
CREATE INDEX objects_by_part ON object_names (part);

-- No two objects may be copied to one key; planning finds collisions by running into this index. It does not
-- name the state: each move would write the index again.
CREATE UNIQUE INDEX destinations ON objects (new_key) WHERE new_key IS NOT NULL AND collides = 0;
CREATE INDEX blocking ON objects (key) WHERE state IN ({words(BLOCKING)});
"""
