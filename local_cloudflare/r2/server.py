"""The S3 endpoint as a server: one thread accepts, one serves each connection."""

import contextlib
import io
import socket
import socketserver
import struct
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from local_cloudflare.clock import Clock
from local_cloudflare.connections import EndableConnections
from local_cloudflare.r2.auth.access import CredentialLookup
from local_cloudflare.r2.auth.caller import Authenticator
from local_cloudflare.r2.direct import DirectAccess
from local_cloudflare.r2.endpoint import Answer, Endpoint
from local_cloudflare.r2.faults import FaultAction, Faults
from local_cloudflare.r2.operations.pace import Pace
from local_cloudflare.r2.protocol.errors import ErrorKind
from local_cloudflare.r2.protocol.host import ENDPOINT_NAMES
from local_cloudflare.r2.protocol.request import Request
from local_cloudflare.r2.protocol.wire import CONTINUE, BodyStream, Head, HeadError, Response, read_head, send
from local_cloudflare.r2.protocol.xml import document
from local_cloudflare.r2.request_log import RequestLog
from local_cloudflare.r2.store.store import Store

__all__ = ["R2Server"]

_DRAIN_BYTES = 64 * 1024 * 1024
_IDLE_SECONDS = 120.0
_LINGER_SECONDS = 10.0


class R2Server:
    """The S3 endpoint of one local account, on 127.0.0.1.

    Attributes:
        requests: What has been asked lately.
        faults: Rules that make requests fail on purpose.
        direct: Its operations on objects for the control API.
        port: Known after the constructor, also for port 0.
    """

    def __init__(
        self,
        store: Store,
        *,
        account_id: str,
        credentials: CredentialLookup,
        clock: Clock,
        port: int = 0,
        write_interval_seconds: float = 0.0,
        answers_continue: bool = True,
        lifecycle_interval_seconds: float = 60.0,
        request_log_size: int = 10_000,
    ) -> None:
        """Binds the port; `start` begins to serve.

        Args:
            store: Where objects are kept; it is not closed with the server.
            account_id: Appears as owner, and as `sub` of temporary credentials.
            credentials: Finds a credential by its access key id, at every request.
            clock: The time of the local Cloudflare.
            port: 0 takes a free one.
            write_interval_seconds: Least time between two uploads to one key, 1.0 as on R2; 0 is off.
            answers_continue: Whether a client that waits for `100 Continue` gets it, once the request may do
                what it asks for. Without it clients wait for their own time-out, and some for ever.
            lifecycle_interval_seconds: How often the lifecycle rules are applied as real time passes.
            request_log_size: How many requests `requests` remembers.
        """
        self.store = store
        self.requests = RequestLog(request_log_size)
        self.faults = Faults()
        self.pace = Pace(write_interval_seconds)
        self.answers_continue = answers_continue
        self.direct = DirectAccess(store, clock, account_id=account_id, pace=self.pace)
        self._clock = clock
        self._lifecycle_interval = lifecycle_interval_seconds
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        authenticator = Authenticator(credentials, account_id=account_id)
        endpoint = Endpoint(
            store, authenticator, account_id=account_id, pace=self.pace, faults=self.faults, log=self.requests
        )
        self._listener = _Listener(("127.0.0.1", port), endpoint, clock, answers_continue=answers_continue)
        self.port: int = self._listener.server_address[1]
        authenticator.audiences = frozenset(f"{name}:{self.port}" for name in ENDPOINT_NAMES)

    @property
    def host(self) -> str:
        """Host and port: the audience of temporary credentials for this endpoint."""
        return f"127.0.0.1:{self.port}"

    @property
    def endpoint(self) -> str:
        """The URL for S3 clients."""
        return f"http://{self.host}"

    def start(self) -> None:
        """Begins to serve, in threads of this process."""
        self._threads = [
            threading.Thread(target=self._listener.serve_forever, args=(0.05,), name="r2", daemon=True),
            threading.Thread(target=self._sweep, name="r2-lifecycle", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends all connections and frees the port."""
        self._stopping.set()
        if self._threads:
            self._listener.shutdown()
        self._listener.server_close()
        for thread in self._threads:
            thread.join(timeout=10)

    def __enter__(self) -> "R2Server":
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def _sweep(self) -> None:
        while not self._stopping.wait(self._lifecycle_interval):
            self.store.apply_lifecycle()


class _Listener(EndableConnections, socketserver.TCPServer):
    allow_reuse_address = True
    request_queue_size = 1024

    def __init__(
        self, address: tuple[str, int], endpoint: Endpoint, clock: Clock, *, answers_continue: bool
    ) -> None:
        self.endpoint = endpoint
        self.clock = clock
        self.answers_continue = answers_continue
        super().__init__(address, _Connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no event."""

    def server_close(self) -> None:
        super().server_close()
        self.end_connections()


class _Connection(socketserver.StreamRequestHandler):
    """Serves one connection until either side ends it."""

    rbufsize = 64 * 1024
    disable_nagle_algorithm = True
    timeout = _IDLE_SECONDS
    server: _Listener
    rfile: io.BufferedReader

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while self._serve_one():
                pass

    def _serve_one(self) -> bool:
        """Answers one request. Whether there may be another."""
        try:
            head = read_head(self.rfile)
            stream = None if head is None else BodyStream(self.rfile, _body_length(head), self._ask(head))
        except HeadError as error:
            self._refuse(str(error))
            return False
        if head is None or stream is None:
            return False
        clock = self.server.clock
        request = Request(head, stream, self.client_address[0], clock.client_now(), clock.now())
        answer = self.server.endpoint.answer(request)
        body = answer.response.body
        try:
            return self._send(request, answer)
        finally:
            if close := getattr(body, "close", None):
                close()

    def _ask(self, head: Head) -> Callable[[], None] | None:
        """What asks for a body that the client holds back; None if it does not, or is left to wait."""
        if not head.expects_continue or not self.server.answers_continue:
            return None
        return partial(self.connection.sendall, CONTINUE)

    def _send(self, request: Request, answer: Answer) -> bool:
        fault = answer.fault.action if answer.fault is not None else None
        reset = fault in {FaultAction.RESET, FaultAction.RESET_AFTER}
        # The answer to a HEAD has no body to cut, and its Content-Length is the object's.
        cut = fault is FaultAction.TRUNCATE and request.method != "HEAD"
        if answer.fault is not None and cut:
            answer.response = _truncated(answer.response, answer.fault.keep_bytes)
        # Written down first: whoever has the answer finds the record.
        self.server.endpoint.write_down(request, answer, was_reset=reset)
        if reset:
            self._reset()
            return False
        # A client that still waits for "100 Continue" takes an early answer as its last word.
        stream = request.stream
        waits = stream.left > 0 and request.head.expects_continue and not stream.asked
        whole = not waits and not request.is_unframed and stream.drain(_DRAIN_BYTES)
        keep_alive = request.head.keep_alive and whole and not cut
        send(
            self.connection,
            answer.response,
            now=request.answered_at,
            is_head=request.method == "HEAD",
            keep_alive=keep_alive,
        )
        if not whole:
            self._linger()
        return keep_alive

    def _refuse(self, message: str) -> None:
        row = ErrorKind.INVALID_REQUEST.value
        body = document("Error", [("Code", row.code), ("Message", message)], namespace=None)
        response = Response(row.status, {"Content-Type": "application/xml"}, body)
        now = self.server.clock.now()
        send(self.connection, response, now=now, is_head=False, keep_alive=False)
        self._linger()

    def _linger(self) -> None:
        """Reads on until the client ends or falls silent, whatever the length of what it sends.

        Closing with unread data would destroy the answer on its way, and many clients read it only once they
        have sent their whole body.
        """
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(_LINGER_SECONDS)
        while self.rfile.read1(self.rbufsize):
            pass

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()


def _body_length(head: Head) -> int:
    """The length of the body by its header.

    Raises:
        HeadError: The header is no number. A body of unknown length (Transfer-Encoding, which overrides it)
            counts as none; operations that need a body refuse it with 411, and the connection ends.
    """
    if "transfer-encoding" in head.headers:
        return 0
    text = head.headers.get("content-length", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise HeadError(f"the Content-Length {text[:40]!r} is not a number")
    return int(text)


def _truncated(response: Response, keep_bytes: int) -> Response:
    whole = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    return Response(response.status, response.headers, [whole[:keep_bytes]], length=len(whole))
