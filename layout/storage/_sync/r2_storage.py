# Written by `make generate` from layout/storage/_async/r2_storage.py: change that.
"""Files of one environment: the names that applications use."""

from collections.abc import Iterable
from pathlib import Path
from typing import Unpack

from layout.keys import (
    Key,
    MediaType,
    project_prefix,
    r2_global_key,
    r2_key,
    scene_file_key,
    scene_prefix,
    user_prefix,
)
from layout.storage._sync.deletes import Deletes
from layout.storage._sync.downloads import Downloads
from layout.storage._sync.uploads import Uploads
from layout.storage.uploaded import DeletedFiles, UploadedFile, UploadOptions

__all__ = ["R2Storage"]


class R2Storage(Uploads, Downloads, Deletes):
    """Files of one environment.

    Owner and profile are said in every call: what `layout.use_profile` made current never changes a key.
    """

    def get_file_path(
        self, user_id: str, project_id: str, scene_id: str, file_type: MediaType, filename: str
    ) -> Key:
        """Key of an audio or media file of a scene.

        Raises:
            InvalidKeyError: A part cannot be in a key, or `file_type` is neither `audio` nor `media`.
        """
        return scene_file_key(
            user_id, project_id, scene_id, file_type, filename, environment=self.environment
        )

    def get_profile_file_path(self, user_id: str, profile_id: str, path: str) -> Key:
        """Key of a file in a profile, such as `raw_clips/goal.mp4`.

        Raises:
            InvalidKeyError: A part cannot be in a key.
        """
        return r2_key(user_id, path, profile_id, environment=self.environment)

    def get_game_path(self, filename: str) -> Key:
        """Key of a video that all users share; its name is its content hash and a suffix, such as `.mp4`.

        Raises:
            InvalidKeyError: The name cannot be in a key.
        """
        return r2_global_key(filename, environment=self.environment)

    def upload_file(
        self,
        file_data: "bytes | Path | Iterable[bytes]",
        user_id: str,
        project_id: str,
        scene_id: str,
        file_type: MediaType,
        filename: str,
        **options: Unpack[UploadOptions],
    ) -> UploadedFile:
        """Upload an audio or media file of a scene; arguments and errors as of `get_file_path` and `upload`."""
        key = self.get_file_path(user_id, project_id, scene_id, file_type, filename)
        return self.upload(key, file_data, **options)

    def upload_profile_file(
        self,
        file_data: "bytes | Path | Iterable[bytes]",
        user_id: str,
        profile_id: str,
        path: str,
        **options: Unpack[UploadOptions],
    ) -> UploadedFile:
        """Upload a file of a profile; arguments and errors as of `get_profile_file_path` and `upload`."""
        return self.upload(self.get_profile_file_path(user_id, profile_id, path), file_data, **options)

    def upload_game(
        self,
        file_data: "bytes | Path | Iterable[bytes]",
        filename: str,
        **options: Unpack[UploadOptions],
    ) -> UploadedFile:
        """Upload a shared video; arguments and errors as of `get_game_path` and `upload`."""
        return self.upload(self.get_game_path(filename), file_data, **options)

    def delete_scene_files(
        self, user_id: str, project_id: str, scene_id: str, *, set_aside: bool = False
    ) -> DeletedFiles:
        """Delete all files of a scene; the rest as of `delete_directory`."""
        prefix = scene_prefix(user_id, project_id, scene_id, environment=self.environment)
        return self.delete_directory(prefix, set_aside=set_aside)

    def delete_project_files(self, user_id: str, project_id: str, *, set_aside: bool = False) -> DeletedFiles:
        """Delete all files of a project; the rest as of `delete_directory`."""
        prefix = project_prefix(user_id, project_id, environment=self.environment)
        return self.delete_directory(prefix, set_aside=set_aside)

    def delete_user_files(self, user_id: str, *, set_aside: bool = False) -> DeletedFiles:
        """Delete all files of a user, the profile files too; the rest as of `delete_directory`."""
        prefix = user_prefix(user_id, environment=self.environment)
        return self.delete_directory(prefix, set_aside=set_aside)
