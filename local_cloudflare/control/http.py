"""The sockets of the control API: HTTP/1.1 on 127.0.0.1, one thread a connection."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import re
import socket
import threading
from collections.abc import Callable, Iterator
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from local_cloudflare.clock import Clock
from local_cloudflare.connections import EndableConnections
from local_cloudflare.control.body import read_body
from local_cloudflare.control.envelope import Answer, ApiError, PlainAnswer, no_route
from local_cloudflare.control.log import ApiLog
from local_cloudflare.control.request import Request
from local_cloudflare.errors import LocalCloudflareError
from local_cloudflare.r2.protocol.wire import is_header_value

__all__ = ["ControlServer", "Handler", "port_error"]

_log = logging.getLogger(__name__)

_LINGER_BYTES = 64 * 2**20

Handler = Callable[[Request], Answer | PlainAnswer]
"""Answers a request, or raises ApiError."""


class ControlServer:
    """Serves handlers by the beginning of the path.

    Args:
        handlers: `{"/client/v4": ..., "/local": ...}`; a handler sees the path below its beginning.
        clock: The time in the log.
        log: Remembers what is asked below `/client/v4`.
        longest_body: How many bytes the body of a method and a decoded path may have.
        port: 0 takes a free one.

    Raises:
        LocalCloudflareError: The port is taken.
    """

    def __init__(
        self,
        handlers: dict[str, Handler],
        clock: Clock,
        log: ApiLog,
        *,
        longest_body: Callable[[str, str], int],
        port: int = 0,
    ) -> None:
        try:
            self._server = _Server(("127.0.0.1", port), _Connection)
        except (OSError, OverflowError) as error:
            raise port_error(error, port, "--api-port") from None
        self._server.handlers = handlers
        self._server.clock = clock
        self._server.log = log
        self._server.longest_body = longest_body
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.port: int = self._server.server_address[1]

    def start(self) -> None:
        """Answers from now on, in threads of this process."""
        self._thread.start()

    def stop(self) -> None:
        """Closes the port and the connections."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server.end_connections()


def port_error(error: OSError | OverflowError, port: int, option: str) -> LocalCloudflareError:
    """What to tell a user whose port cannot be had; `option` is the one that chooses it."""
    if isinstance(error, OverflowError):
        return LocalCloudflareError(
            f"There is no port {port}.", hint=f"Choose another {option}: 1 to 65535, or 0 for a free one."
        )
    if error.errno == errno.EADDRINUSE:
        return LocalCloudflareError(
            f"The port {port} of 127.0.0.1 is taken.",
            hint=f"Stop what listens there, or choose another {option}.",
        )
    return LocalCloudflareError(
        f"The port {port} of 127.0.0.1 cannot be used: {error.strerror}.", hint=f"Choose another {option}."
    )


class _Server(EndableConnections, HTTPServer):
    request_queue_size = 128
    handlers: dict[str, Handler]
    clock: Clock
    log: ApiLog
    longest_body: Callable[[str, str], int]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that a client dropped is nothing to print a traceback about."""
        del request
        _log.debug("connection of %s ended early", client_address, exc_info=True)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "local-cloudflare"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    timeout = 60
    server: _Server

    def _serve(self) -> None:
        try:
            with self._request() as request:
                answer: Answer | PlainAnswer | ApiError = self._dispatch(request)
        except ApiError as refusal:
            answer = refusal
        except Exception:  # noqa: BLE001 - whatever it was, the client gets an envelope and the log the cause
            _log.exception("%s %s", self.command, self.path)
            answer = ApiError(500, 10001, "We encountered an internal error. Please try again.")
        status = 200 if isinstance(answer, Answer) else answer.status
        self._note(status, (answer.code,) if isinstance(answer, ApiError) else ())
        if isinstance(answer, PlainAnswer):
            self._write_plain(answer)
        else:
            self._write(status, answer.body())
        if self._has_unread:
            self._linger()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve  # noqa: N815 - http.server's names

    @contextlib.contextmanager
    def _request(self) -> Iterator[Request]:
        """The request while its body can be read.

        It is received before anything is answered, so that the next request starts where it should.
        """
        closes = self.close_connection or "close" in self.headers.get("connection", "").lower()
        self.close_connection = self._has_unread = True
        try:
            target = urlsplit(self.path)
            path = unquote(target.path, errors="strict")
        except UnicodeDecodeError:
            raise ApiError(
                400, 10020, "The specified object name is not valid.", why="it is not UTF-8"
            ) from None
        except ValueError:
            raise no_route(self.path) from None
        headers = {name.lower(): value for name, value in self.headers.items()}
        for name, value in headers.items():
            # Kept with an object, it would come back in the head of an answer that no client reads.
            if not is_header_value(value.replace("\t", " ")):
                raise ApiError(
                    400, 10400, f"The header {name} holds a line end or another control character."
                )
        with read_body(self.rfile, headers, self.server.longest_body(self.command, path)) as (body, length):
            self._has_unread = False
            self.close_connection = closes
            yield Request(
                method=self.command,
                path=path,
                query=dict(reversed(parse_qsl(target.query, keep_blank_values=True))),
                headers=headers,
                body=body,
                length=length,
                client=str(self.client_address[0]),
            )

    def _linger(self) -> None:
        """Reads on for a moment: closing with unread data would destroy the answer on its way."""
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(2)
        left = _LINGER_BYTES
        while left > 0 and (piece := self.rfile.read1(1 << 18)):
            left -= len(piece)

    def _note(self, status: int, codes: tuple[int, ...]) -> None:
        path = unquote(self.path.partition("?")[0])
        if path.startswith("/client/v4/"):
            below = re.sub(r"^/client/v4/accounts/[0-9a-f]{32}", "", path)
            now = self.server.clock.now()
            self.server.log.add(time=now, method=self.command, path=below, status=status, codes=codes)

    def _dispatch(self, request: Request) -> Answer | PlainAnswer:
        for beginning, handler in self.server.handlers.items():
            if request.path.startswith(f"{beginning}/"):
                below = request.path.removeprefix(beginning)
                return handler(Request(**{**vars(request), "path": below}))
        raise no_route(request.path)

    def _write(self, status: int, body: dict[str, Any]) -> None:
        # Compact, as Cloudflare answers: its provider keeps some of these bytes and compares them with the
        # program's (account_token/custom.go takes a policy's resources as raw JSON).
        payload = json.dumps(body, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self._say_whether_it_goes_on()
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(payload)

    def _say_whether_it_goes_on(self) -> None:
        """A client of HTTP/1.0 reads to the end of the connection unless it is told that there is none."""
        if self.close_connection:
            self.send_header("Connection", "close")
        elif self.request_version == "HTTP/1.0":
            self.send_header("Connection", "keep-alive")

    def _write_plain(self, answer: PlainAnswer) -> None:
        try:
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(answer.length)}.items():
                self.send_header(name, value)
            self._say_whether_it_goes_on()
            self.end_headers()
            if answer.status != HTTPStatus.NOT_MODIFIED:
                for piece in (answer.body,) if isinstance(answer.body, bytes) else answer.body:
                    self.wfile.write(piece)
        finally:
            if close := getattr(answer.body, "close", None):
                close()

    def handle_expect_100(self) -> bool:
        """Sends the interim answer at once: the client waits for it before it sends the rest."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def parse_request(self) -> bool:
        """The same, but a request line without a version, which http.server takes for HTTP/0.9, is refused."""
        if not super().parse_request():
            return False
        if self.request_version != "HTTP/0.9":
            return True
        self.send_error(400)
        return False

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What http.server refuses by itself, in the envelope and never as a fault of the server."""
        del explain
        self.close_connection = True
        # A request line that cannot be read counts as HTTP/0.9, whose answers have no head.
        self.request_version = "HTTP/1.1"
        status = {501: 405, 505: 400}.get(code, code)
        self._write(status, ApiError(status, 10400, message or "The request is not HTTP/1.1.").body())

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The `Date` of an answer, by the account's clock."""
        del timestamp
        return format_datetime(self.server.clock.now(), usegmt=True)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Requests go to the logger of this module."""
        _log.debug(format, *args)
