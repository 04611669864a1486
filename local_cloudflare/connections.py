"""What the servers of this package share: a thread a connection, and an end for connections that are kept alive."""

import contextlib
import socket
import socketserver
import threading
from typing import Any

__all__ = ["EndableConnections"]


class EndableConnections(socketserver.ThreadingMixIn):
    """Mixed into a server: serves each connection in a thread of its own and can end those that are open."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, *arguments: Any) -> None:
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(*arguments)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Remembers the connection while it is served."""
        with self._lock:
            self._open.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.discard(request)

    def end_connections(self) -> None:
        """A connection kept alive would otherwise go on answering, from files that are closed."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
