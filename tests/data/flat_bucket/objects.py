"""One object of the legacy bucket, and small bodies that look like the media they stand for."""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

MIB = 1024 * 1024


@dataclass(frozen=True)
class LegacyObject:
    """What one upload of the old application left in the bucket.

    Attributes:
        key: The whole key, without environment: ``{user}/{path}`` or ``games/{hash}.mp4``.
        body: The bytes.
        content_type: The header that the upload sent, or None if it sent none.
        metadata: User metadata, ASCII.
        cache_control: The header that the upload sent, or None if it sent none.
        part_bytes: Bytes a part if the object was uploaded in parts, else None.
    """

    key: str
    body: bytes = field(repr=False)
    content_type: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    cache_control: str | None = None
    part_bytes: int | None = None

    def parts(self) -> list[bytes]:
        """Return the body cut into parts of `part_bytes`; the last may be shorter, as R2 allows."""
        size = self.part_bytes or len(self.body) or 1
        return [self.body[start : start + size] for start in range(0, len(self.body), size)]


def _box(kind: bytes, payload: bytes) -> bytes:
    """Return one box of an ISO base media file: length (4 bytes, itself included), kind, payload."""
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


def mp4(random: Random, size: int, *, brand: bytes = b"isom") -> bytes:
    """Return a file of about `size` bytes that starts as an MP4 does (``qt  `` as brand: a MOV).

    The boxes are well formed, the samples are noise: enough for a tool that looks at the first bytes.
    """
    kind = _box(b"ftyp", brand + struct.pack(">I", 512) + brand + b"mp42")
    return kind + _box(b"free", b"") + _box(b"mdat", random.randbytes(size))


def jpeg(random: Random, size: int) -> bytes:
    """Return a file of about `size` bytes that starts and ends as a JPEG does."""
    noise = random.randbytes(size).replace(b"\xff", b"\xfe")  # 0xFF would start a marker
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + noise + b"\xff\xd9"


def detection_frame(random: Random, frame: int) -> bytes:
    """Return the cached detections of one frame, the way the application stores them: compact JSON."""
    found = [
        {"class": "player", "confidence": round(random.uniform(0.4, 0.99), 4), "box": _corners(random)}
        for _ in range(random.randint(0, 6))
    ]
    return json.dumps({"frame": frame, "detections": found}).encode()


def _corners(random: Random) -> list[int]:
    left, top = random.randrange(1800), random.randrange(1000)
    return [left, top, left + random.randint(20, 120), top + random.randint(40, 80)]


def annotation_table(clips: list[tuple[str, float, float]]) -> bytes:
    """Return the tab-separated export of annotated clips: title, start and end in seconds."""
    lines = ["title\tstart\tend", *(f"{title}\t{start:.2f}\t{end:.2f}" for title, start, end in clips)]
    return ("\n".join(lines) + "\n").encode()
