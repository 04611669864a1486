"""The example application as its users meet it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest
from blake3 import blake3

if TYPE_CHECKING:
    from tests.examples.conftest import Start


def _upload(client: httpx2.Client, path: str, body: bytes) -> None:
    """What the page does: begin, send to the bucket, complete."""
    begun = client.post("/storage/uploads", json={"path": path, "size": len(body)}).json()
    (part,) = client.post(f"/storage/uploads/{begun['id']}/parts", json={"numbers": [1]}).json()
    httpx2.request(part["method"], part["url"], headers=part["headers"], content=body).raise_for_status()
    client.post(f"/storage/uploads/{begun['id']}/complete").raise_for_status()


def test_a_day_with_the_application(start: Start) -> None:
    """Sign in, upload, list, play, rename; the machine is replaced, and everything is there."""
    first = start("first")
    with first.client("anna") as client:
        profile = client.get("/profiles").json()["current"]
        assert client.get("/clips").json() == []
        _upload(client, f"users/anna/profiles/{profile}/raw_clips/goal.mp4", b"film")
        added = client.post("/clips", json={"name": "Goal", "filename": "goal.mp4"})
        assert (added.status_code, added.headers["x-sync-status"]) == (201, "clean")
        clip = added.json()["id"]
        assert httpx2.get(client.get(f"/clips/{clip}/play").json()["url"]).content == b"film"
        assert client.patch(f"/clips/{clip}", json={"name": "The goal"}).json()["name"] == "The goal"
    first.kill()
    with start("second").client("anna") as client:
        assert client.get("/clips").json() == [{"id": clip, "name": "The goal", "filename": "goal.mp4"}]
        paths = [item["path"] for item in client.get("/files").json()]
        assert paths == ["database.sqlite", "raw_clips/goal.mp4"]
        assert client.delete(f"/clips/{clip}").status_code == 204
        assert client.get("/clips").json() == []
        assert [item["path"] for item in client.get("/files").json()] == ["database.sqlite"]


def test_profiles_are_apart(start: Start) -> None:
    """Each has its own clips; a deleted one is gone, and the user goes on in the default."""
    with start("disk").client("anna") as client:
        default = client.get("/profiles").json()["current"]
        second = client.post("/profiles", json={"name": "Liga"}).json()["id"]
        client.put("/profiles/selected", json={"id": second}).raise_for_status()
        assert client.get("/profiles").json()["current"] == second
        _upload(client, f"users/anna/profiles/{second}/raw_clips/a.mp4", b"film")
        client.post("/clips", json={"name": "A", "filename": "a.mp4"}).raise_for_status()
        assert client.get("/clips", headers={"X-Profile-Id": default}).json() == []
        assert len(client.get("/clips").json()) == 1
        client.delete(f"/profiles/{second}").raise_for_status()
        assert client.get("/profiles").json() == {
            "current": default,
            "profiles": [{"id": default, "name": None}],
        }
        assert client.get("/clips", headers={"X-Profile-Id": second}).status_code == 404


def test_a_game_is_stored_once(start: Start) -> None:
    """Whoever uploads it: its name is its BLAKE3."""
    body = b"game" * 10_000
    application = start("disk")
    for user in ("anna", "bert"):
        with application.client(user) as client:
            added = client.post("/games", params={"name": "Final"}, content=body)
            assert (added.status_code, added.json()["blake3_hash"]) == (201, blake3(body).hexdigest())
            assert client.get(f"/storage/games/{blake3(body).hexdigest()}.mp4").content == body


def test_a_scene_is_uploaded_and_read_by_its_old_url(start: Start) -> None:
    """As the second application does it."""
    with start("disk").client("anna") as client:
        path = "users/anna/projects/p1/scenes/s1/audio/voice.mp3"
        stored = client.post(
            "/storage", data={"path": path}, files={"file": ("voice.mp3", b"voice", "audio/mpeg")}
        )
        assert stored.status_code == 201
        assert client.get("/api/v1/media/p1/s1/voice.mp3").content == b"voice"


@pytest.mark.parametrize("user", ["", "..", "a/b", "x" * 256])
def test_an_id_that_can_be_no_users_is_not_signed_in(start: Start, user: str) -> None:
    """It would be a part of keys."""
    application = start("disk")
    answer = httpx2.post(f"{application.url}login", json={"user": user})
    assert answer.status_code in {404, 422}
    assert httpx2.get(f"{application.url}clips").status_code == 404


def test_a_cookie_that_was_made_up_is_nobodys(start: Start) -> None:
    """Signed by another secret, or by none."""
    application = start("disk")
    for cookie in ("0" * 64 + "." + b"anna".hex(), "anna", ".", "x.zz", "x.f", "x.ff"):
        url = f"{application.url}storage/users/anna/profiles.json"
        answer = httpx2.get(url, headers={"Cookie": f"session={cookie}"})
        assert answer.status_code == 401
