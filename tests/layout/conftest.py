"""A fixed answer in place of a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest


@dataclass
class FixedAnswer:
    """A server that gives every request the same answer, after the bodies `before` in turn, and remembers the requests.

    Real clients meet a real connection: this is how answers are tested that the local R2 never gives. Of the body
    that it announces, `unsent` bytes never come.
    """

    endpoint: str
    status: int = 200
    body: bytes = b""
    unsent: int = 0
    before: list[bytes] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def refuse(self, status: int, code: str) -> None:
        """Answer with an S3 error."""
        self.status = status
        self.body = f"<Error><Code>{code}</Code><Message>m</Message></Error>".encode()


@pytest.fixture
def fixed_answer() -> Iterator[FixedAnswer]:
    """The server, on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fixed.requests.append((self.command, self.path, dict(self.headers), body))
            answered = fixed.before.pop(0) if fixed.before else fixed.body
            self.send_response(fixed.status)
            for name, value in fixed.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answered) + fixed.unsent))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answered)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = answer  # noqa: N815 - names of the base class

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fixed = FixedAnswer(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield fixed
    server.shutdown()
    server.server_close()
    thread.join()
