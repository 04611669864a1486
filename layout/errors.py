"""The errors of this project, one tree.

::

    LayoutError                       base: catches everything below
    ├── EnvironmentNameError          APP_ENV is not dev, staging or prod           (ValueError)
    ├── InvalidKeyError               a part of a key, or a key, is not allowed     (ValueError)
    ├── NoProfileError                no current profile, or an unknown one         (LookupError)
    │   └── UserDeletedError          the user was deleted for ever
    ├── InvalidDocumentError          profiles.json, selected-profile.json or
    │                                 layout.json is wrong                          (ValueError)
    ├── SchemeError                   the declared scheme contradicts itself        (ValueError)
    ├── LocalPathError                the local mirror cannot hold this             (ValueError)
    ├── MarkerError                   revision marker missing, or of another layout
    ├── SettingsError                 settings or stack config are wrong            (ValueError)
    ├── StorageError                  talking to the bucket
    │   ├── ObjectMissingError        the bucket says that the object is not there
    │   ├── AccessDeniedError         the credentials do not reach that far
    │   ├── ConditionFailedError      the object is not in the state that was asked for
    │   │   ├── LockedObjectError     a lock rule of the bucket holds the object
    │   │   ├── NotModifiedError      the object still has the ETag that was named
    │   │   └── DatabaseConflictError another writer's version of a database is in the bucket
    │   ├── RangeError                no byte of the object lies in the range that was asked for
    │   ├── DatabaseInUseError        a database cannot be read or replaced just now
    │   ├── StorageUnavailableError   no answer, or none that can be trusted
    │   └── CredentialsError          temporary credentials refused or not to be had
    ├── AuditError                    a report that cannot be read, or does not add up
    └── MigrationError                moving data from an old layout
        ├── PlanError                 plan file missing, wrong, or of another bucket
        ├── RulesError                rule file wrong, or not the one of the plan
        ├── PlanBlockedError          unknown, conflict or collision: a person decides
        ├── VerificationError         verdict missing, failed, or about another plan
        └── DeletionRefusedError      a delete without its preconditions

`str(error)` says what is wrong and shows the value. `error.hint` says what to do about it; a
traceback shows it as a note, a command prints it on a line of its own.
"""

from __future__ import annotations

__all__ = [
    "AccessDeniedError",
    "AuditError",
    "ConditionFailedError",
    "CredentialsError",
    "DatabaseConflictError",
    "DatabaseInUseError",
    "DeletionRefusedError",
    "EnvironmentNameError",
    "InvalidDocumentError",
    "InvalidKeyError",
    "LayoutError",
    "LocalPathError",
    "LockedObjectError",
    "MarkerError",
    "MigrationError",
    "NoProfileError",
    "NotModifiedError",
    "ObjectMissingError",
    "PlanBlockedError",
    "PlanError",
    "RangeError",
    "RulesError",
    "SchemeError",
    "SettingsError",
    "StorageError",
    "StorageUnavailableError",
    "UserDeletedError",
    "VerificationError",
]


class LayoutError(Exception):
    """Base of every error that this project raises on purpose.

    Attributes:
        hint: What to do about it, one or two sentences, or None.
        bucket: Name of the bucket concerned, or None.
        key: Object key concerned, or None.
    """

    hint: str | None
    bucket: str | None
    key: str | None

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        bucket: str | None = None,
        key: str | None = None,
    ) -> None:
        super().__init__(message)
        self.hint = hint
        self.bucket = bucket
        self.key = key
        if hint is not None:
            self.add_note(f"Try: {hint}")


class EnvironmentNameError(LayoutError, ValueError):
    """The environment is not dev, staging or prod."""


class InvalidKeyError(LayoutError, ValueError):
    """A part of a key, or a whole key, is not allowed or fits no template."""


class NoProfileError(LayoutError, LookupError):
    """There is no current profile, it belongs to another user, or the profile is unknown."""


class UserDeletedError(NoProfileError):
    """The user was deleted for ever, and nothing is stored for them any more."""


class InvalidDocumentError(LayoutError, ValueError):
    """One of profiles.json, selected-profile.json and layout.json is wrong."""


class SchemeError(LayoutError, ValueError):
    """The declared scheme contradicts itself."""


class LocalPathError(LayoutError, ValueError):
    """The local mirror cannot hold this name, or it would leave its owner's folder."""


class MarkerError(LayoutError):
    """The revision marker is missing beside data, or is of another layout."""


class SettingsError(LayoutError, ValueError):
    """Settings from the environment or from stack config are wrong."""


class StorageError(LayoutError):
    """Talking to the bucket went wrong."""


class ObjectMissingError(StorageError):
    """The bucket says that the object is not there."""


class AccessDeniedError(StorageError):
    """The credentials do not allow this request."""


class ConditionFailedError(StorageError):
    """The object is not in the state that the request asked for; nothing was written."""


class LockedObjectError(ConditionFailedError):
    """A lock rule of the bucket holds the object: it can be neither overwritten nor deleted before its time."""


class NotModifiedError(ConditionFailedError):
    """The object still has the ETag that the request named (`If-None-Match`), so no body was sent.

    Attributes:
        e_tag: Of the object, in its quotes, or None if it was not asked.
    """

    e_tag: str | None = None


class RangeError(StorageError):
    """No byte of the object lies in the range that was asked for.

    Attributes:
        size: Bytes of the object, or None if it was not asked.
    """

    size: int | None = None


class DatabaseConflictError(ConditionFailedError):
    """Another writer's version of a database is in the bucket: the change made here was set aside, not merged."""


class DatabaseInUseError(StorageError):
    """A local database is open or locked, so it can be neither read whole nor replaced just now."""


class StorageUnavailableError(StorageError):
    """No answer, or none that can be trusted: whether the object is there is unknown."""


class CredentialsError(StorageError):
    """Temporary credentials were refused, or could not be minted or refreshed."""


class AuditError(LayoutError):
    """The report of an audit cannot be read or written, or its numbers do not add up."""


class MigrationError(LayoutError):
    """Moving data from an old layout went wrong."""


class PlanError(MigrationError):
    """The plan file is missing, wrong, or was made for another bucket."""


class RulesError(MigrationError):
    """A rule file cannot be read, says something that is none, or is not the one a plan was made with."""


class PlanBlockedError(MigrationError):
    """Unknown objects, conflicts or collisions stop the copy until a person decides."""


class VerificationError(MigrationError):
    """The verdict is missing, says that data differs, or is about another plan."""


class DeletionRefusedError(MigrationError):
    """A delete without its preconditions."""
