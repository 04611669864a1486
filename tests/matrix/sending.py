"""Requests signed by botocore and sent as they are, one after another over one connection."""

import http.client
import re
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from layout.storage.credentials.storage_credentials import StorageCredentials
from tests.matrix.operations import Wire

__all__ = ["Answer", "Sender"]

_CODE = re.compile(rb"<Error>.*?<Code>(\w+)</Code>", re.DOTALL)
_PRESIGNED_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """An answer, read to its end."""

    status: int
    body: bytes

    @property
    def error(self) -> str:
        """The code in it: of a refusal, or of the first key that a batch refuses; empty without one."""
        found = _CODE.search(self.body)
        return found[1].decode() if found else ""


class Sender:
    """One credential at one endpoint. A context manager."""

    def __init__(self, endpoint: str, credentials: StorageCredentials) -> None:
        token = credentials.session_token
        self._keys = Credentials(
            credentials.access_key_id,
            credentials.secret_access_key.get_secret_value(),
            token.get_secret_value() if token else None,
        )
        self._endpoint = endpoint
        self._connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=30)

    def send(self, wire: Wire) -> Answer:
        """Signs and sends one request."""
        # A presigned URL does not cover the body, and botocore would read it as form fields.
        signed_body = b"" if wire.presigned else wire.body
        request = AWSRequest(
            wire.method, self._endpoint + wire.target, headers=dict(wire.headers), data=signed_body
        )
        if wire.presigned:
            S3SigV4QueryAuth(self._keys, "s3", "auto", expires=_PRESIGNED_SECONDS).add_auth(request)
        else:
            S3SigV4Auth(self._keys, "s3", "auto").add_auth(request)
        target = str(request.url).removeprefix(self._endpoint)
        headers = {"Content-Length": str(len(wire.body)), **dict(request.headers.items())}
        self._connection.request(wire.method, target, wire.body, headers)
        response = self._connection.getresponse()
        return Answer(response.status, response.read())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connection.close()
