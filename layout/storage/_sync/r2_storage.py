# Written by `make generate` from layout/storage/_async/r2_storage.py: change that.
"""Files of one environment: the names that applications use."""

from layout.keys import Key, MediaType, r2_global_key, r2_key, scene_file_key
from layout.storage._sync.presigning import Presigning

__all__ = ["R2Storage"]


class R2Storage(Presigning):
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
