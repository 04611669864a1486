"""One user's files and the rows that name them, folder by folder, as the old application wrote them."""

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from tests.data.flat_bucket import databases, names, objects
from tests.data.flat_bucket.objects import LegacyObject

_FIRST_DAY = datetime(2026, 1, 5, 18, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Habits:
    """How much one user did.

    Attributes:
        clips: Clips cut from games.
        exports: Framing exports, each with a working video.
        frames: Frames whose detections are cached, for each of the first two working videos.
        games: Games uploaded before games were shared.
        database_version: The ``db-version`` metadata, None if an old script uploaded the database.
        strays: Whether the user has what only the first users have: an older database, a local cache that
            slipped into the bucket, player images.
    """

    clips: int
    exports: int
    frames: int
    games: int
    database_version: int | None
    strays: bool = False


class Library:
    """Builds one user's objects; each step adds objects and, where the application did, database rows."""

    def __init__(self, user: str, habits: Habits, shared_games: list[LegacyObject], random: Random) -> None:
        self.user = user
        self.habits = habits
        self.shared_games = shared_games
        self.random = random
        self.objects: dict[str, LegacyObject] = {}
        self.rows: dict[str, list[databases.Row]] = defaultdict(list)

    def build(self) -> list[LegacyObject]:
        """Return all objects of this user, the database last, since its rows name the others."""
        steps: list[Callable[[], None]] = [
            self._games, self._clips, self._projects, self._finals, self._detections, self._archive,
            self._downloads, self._left_over, self._jobs,
        ]  # fmt: skip
        if self.habits.strays:
            steps.append(self._strays)
        for step in steps:
            step()
        version = self.habits.database_version
        body = databases.build_database(self.rows, version=version or 0)
        metadata = {} if version is None else {"db-version": str(version)}
        self._add("database.sqlite", body, metadata=metadata)
        return list(self.objects.values())

    def _add(
        self,
        path: str,
        body: bytes,
        *,
        content_type: str | None = None,
        metadata: dict[str, str] | None = None,
        cache_control: str | None = None,
    ) -> None:
        """Put an object under the user, as a later upload does: over one of the same name."""
        key = f"{self.user}/{path}"
        self.objects[key] = LegacyObject(key, body, content_type, metadata or {}, cache_control)

    def _hex(self, digits: int) -> str:
        return names.hex_digits(self.random, digits)

    def _video(self, kibibytes: int = 6) -> bytes:
        return objects.mp4(self.random, self.random.randint(1, kibibytes) * 1024)

    def _when(self, number: int) -> str:
        return (_FIRST_DAY + timedelta(days=number, minutes=7 * number)).isoformat()

    def _games(self) -> None:
        """Games from before they were shared, some with the type that the browser sent, and shared ones."""
        for number, extension in zip(
            range(self.habits.games), (".mp4", ".MOV", ".mkv", ".mp4") * 9, strict=False
        ):
            name = f"{self._hex(12)}{extension}"
            content_type = {".MOV": "video/quicktime", ".mkv": "video/x-matroska"}.get(extension)
            self._add(f"games/{name}", self._video(12), content_type=content_type)
            self._row("games", name=f"Match {number + 1}", video_filename=name, blake3_hash="")
        for shared in self.shared_games:
            digest = shared.key.removeprefix("games/").removesuffix(".mp4")
            recap = f"https://media.example/{self.user}/recaps/{digest[:8]}.mp4?X-Amz-Expires=14400"
            game = self._row("games", name="Shared match", blake3_hash=digest, recap_video_url=recap)
            self._row("game_videos", game_id=game, blake3_hash=digest)
            self._row("user_games", blake3_hash=digest, added_at=self._when(3))
            references = int(shared.metadata.get("ref_count", "1"))
            self.rows["game_storage"].append(
                {"blake3_hash": digest, "size_bytes": len(shared.body), "ref_count": references}
            )

    def _clips(self) -> None:
        """Clips in two exports: names are unique within one only, so the second replaces some."""
        titles = [names.TITLES[number % len(names.TITLES)] for number in range(self.habits.clips)]
        half = max(len(titles) * 3 // 4, 1)
        for export in (titles[:half], titles[half:]):
            for title, name in zip(export, names.unique_clip_names(export), strict=True):
                self._add(f"raw_clips/{name}.mp4", self._video())
                start = round(self.random.uniform(0, 5000), 2)
                self._row("raw_clips", game_id=1, name=title, filename=f"{name}.mp4",
                          start_time=start, end_time=start + 12.5)  # fmt: skip
        extracted = f"clip_{self._hex(8)}"  # "finish annotation" names its files elsewhere, without extension
        self._add(f"raw_clips/{extracted}", self._video())
        self._row("raw_clips", game_id=1, name="extracted", filename=extracted, start_time=0.0, end_time=4.0)
        self._row("raw_clips", game_id=1, name="not extracted yet", filename="", start_time=1.0, end_time=2.0)

    def _projects(self) -> None:
        """Projects, direct uploads, exports; rows of pruned versions are gone, their objects are not."""
        for number, name in enumerate(names.PROJECTS):
            project = self._row("projects", name=name, aspect_ratio="9:16", created_at=self._when(number))
            upload = f"{self._hex(32)}{('.MOV', '.mp4', '.MP4')[number % 3]}"
            self._add(f"uploads/{upload}", objects.mp4(self.random, 4096, brand=b"qt  "))
            self._row("working_clips", project_id=project, raw_clip_id=number + 1, uploaded_filename=upload)
        for number in range(self.habits.exports):
            project = number % len(names.PROJECTS) + 1
            filename = f"working_{project}_{self._hex(8)}.mp4"
            self._add(f"working_videos/{filename}", self._video())
            if number % 4 != 3:  # the fourth is a pruned version: an object without a row
                self._row("working_videos", project_id=project, filename=filename, version=number + 1)

    def _finals(self) -> None:
        """Final videos under the three naming rules, each with a poster under ``posters/``."""
        for number, name in enumerate(names.PROJECTS):
            project = number + 1
            filename = (
                f"{names.project_name(name, project)}_final_{self._hex(8)}.mp4",
                f"final_{project}_{self._hex(8)}.mp4",
                f"auto_{project}_{number + 3}_{self._hex(8)}.mp4",
            )[number % 3]
            poster = f"{filename}.jpg"
            self._add(f"final_videos/{filename}", self._video(16))
            self._add(f"final_videos/posters/{poster}", objects.jpeg(self.random, 2048),
                      content_type="image/jpeg", cache_control="public, max-age=86400")  # fmt: skip
            final = self._row("final_videos", project_id=project, filename=filename, poster_filename=poster,
                              created_at=self._when(20 + number))  # fmt: skip
            self._row("before_after_tracks", final_video_id=final,
                      source_path=f"raw_clips/{self.rows['raw_clips'][0]['filename']}")  # fmt: skip

    def _detections(self) -> None:
        """One tiny object a frame, in a folder named like the video file."""
        for video in self.rows["working_videos"][:2]:
            for frame in range(0, 5 * self.habits.frames, 5):
                path = f"detections/{video['filename']}/frame_{frame}.json"
                self._add(path, objects.detection_frame(self.random, frame))

    def _archive(self) -> None:
        """An archived project: indented JSON that holds whole rows, so file names live here too."""
        for project in (2, 4):
            rows = {
                "projects": [row for row in self.rows["projects"] if row["id"] == project],
                "working_clips": [row for row in self.rows["working_clips"] if row["project_id"] == project],
                "working_videos": [
                    row for row in self.rows["working_videos"] if row["project_id"] == project
                ],
            }
            self._add(f"archive/{project}.json", json.dumps(rows, indent=2, ensure_ascii=False).encode())

    def _downloads(self) -> None:
        """Annotation exports that were meant to be short-lived."""
        clips = [(row["name"], row["start_time"], row["end_time"]) for row in self.rows["raw_clips"]]
        for title in ("Spring cup: semi-final", "得点シーン 前半"):
            stem = f"{names.clip_name(title)}_{self._hex(8)}"
            self._add(f"downloads/{stem}.tsv", objects.annotation_table(clips))
            self._add(f"downloads/{stem}.mp4", self._video())

    def _left_over(self) -> None:
        """The sources of a multi-clip export whose job died."""
        export = f"export_{self._hex(12)}"
        for number in range(3):
            self._add(f"temp/multi_clip_{export}/source_{number}.mp4", self._video())

    def _jobs(self) -> None:
        """Rows that hold keys, paths and JSON instead of bare names, and an upload that never ended."""
        final = self.rows["final_videos"][0]["filename"]
        working = self.rows["working_videos"][0]["filename"]
        job = f"job_{self._hex(8)}"
        self.rows["export_jobs"].append({
            "id": job, "status": "complete", "output_filename": final, "output_key": f"final_videos/{final}",
            "input_data": json.dumps({"working_video": working}).encode(),
        })  # fmt: skip
        params = {"input_key": f"{self.user}/working_videos/{working}",
                  "output_key": f"{self.user}/final_videos/{final}"}  # fmt: skip
        self.rows["modal_tasks"].append({"id": job, "status": "complete", "params": json.dumps(params)})
        self.rows["pending_uploads"].append({
            "id": self._hex(8), "blake3_hash": self._hex(64), "original_filename": "IMG_0042.MOV",
            "r2_upload_id": self._hex(32),
        })  # fmt: skip

    def _strays(self) -> None:
        """What only the first users have."""
        old_games = [row["video_filename"] for row in self.rows["games"] if row.get("video_filename")]
        self._add("video_editor.db", databases.build_older_database(old_games))
        self._add(f"clip_cache/{self._hex(16)}.mp4", self._video())
        for number in (1, 2):
            path = f"highlights/player_{number}.jpg"
            self._add(path, objects.jpeg(self.random, 1024), content_type="image/jpeg")
            self._row("intro_cards", image_key=path, image_cutout_key=path)

    def _row(self, table: str, **values: object) -> int:
        """Append a row with the next id and return that id."""
        number = len(self.rows[table]) + 1
        self.rows[table].append({"id": number, **values})
        return number
