"""A large file through the example application, up by a form and down by ranges: its memory stays flat.

256 MiB by default; `make soak` sends 2 GiB.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from demo.running_application import RunningApplication

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

MIB = 1 << 20
SIZE = int(os.environ.get("R2_LAYOUT_SOAK_MEBIBYTES") or 256) * MIB
MOST = 160 * MIB
"""By how much the memory may grow, whatever the size: five parts of 16 MiB are under way, and as much is being read."""
PATH = "users/anna/projects/p1/output/large.mp4"
PIECE = bytes(range(256)) * 4096


def _form() -> Iterator[bytes]:
    yield (
        f'--x\r\nContent-Disposition: form-data; name="path"\r\n\r\n{PATH}\r\n'
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
    ).encode()
    for _ in range(SIZE // MIB):
        yield PIECE
    yield b"\r\n--x--\r\n"


def _most_memory(pid: int) -> int:
    """The most that a process has ever had, in bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


@pytest.mark.timeout(900)
def test_memory_is_flat(cloudflare: LocalCloudflare, bucket: str, tmp_path: Path) -> None:
    """Of the upload, and of a download of all of it by ranges."""
    keys = cloudflare.s3_keys("Workers R2 Storage Bucket Item Write", bucket=bucket)
    variables = {
        "APP_ENV": "dev",
        "R2_ENDPOINT": cloudflare.s3_endpoint,
        "R2_BUCKET": bucket,
        "R2_ACCESS_KEY_ID": keys.access_key_id,
        "R2_SECRET_ACCESS_KEY": keys.secret_access_key,
    }
    with RunningApplication(variables, tmp_path / "disk") as running, running.client("anna") as client:
        client.get("/profiles").raise_for_status()
        before = _most_memory(running.pid)
        stored = client.post(
            "/storage",
            content=_form(),
            headers={"Content-Type": "multipart/form-data; boundary=x"},
            timeout=600,
        )
        assert (stored.status_code, stored.json()["size"]) == (201, SIZE)
        uploaded = _most_memory(running.pid)
        step = SIZE // 4
        for start in range(0, SIZE, step):
            with client.stream(
                "GET", f"/storage/{PATH}", headers={"Range": f"bytes={start}-{start + step - 1}"}, timeout=600
            ) as answer:
                assert answer.status_code == 206
                assert sum(map(len, answer.iter_raw(MIB))) == step
        downloaded = _most_memory(running.pid)
    print(  # noqa: T201 - what `make soak` reports
        f"{SIZE // MIB} MiB: {before // MIB} MiB before, {uploaded // MIB} after the upload,"
        f" {downloaded // MIB} after the download"
    )
    assert uploaded - before < MOST
    assert downloaded - before < MOST
