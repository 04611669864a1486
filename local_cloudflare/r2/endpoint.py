"""From a request to its answer: who, what, may they, is it allowed, do it, write it down."""

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from local_cloudflare.r2.auth.caller import Authenticator, Caller
from local_cloudflare.r2.cors import access_control_headers, preflight
from local_cloudflare.r2.faults import FaultAction, FaultRule, Faults
from local_cloudflare.r2.operations.context import Context, Operation
from local_cloudflare.r2.operations.pace import Pace
from local_cloudflare.r2.operations.perform import perform
from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error, not_implemented
from local_cloudflare.r2.protocol.request import Request
from local_cloudflare.r2.protocol.wire import Response
from local_cloudflare.r2.protocol.xml import Element, document, printable
from local_cloudflare.r2.request_log import RequestLog
from local_cloudflare.r2.routes import detect
from local_cloudflare.r2.store.keys import normal_form
from local_cloudflare.r2.store.store import Store

__all__ = ["Answer", "Endpoint"]

_LOGGER = logging.getLogger(__name__)


@dataclass
class Answer:
    """What goes back to the client, and what is to be written down about it."""

    response: Response
    fault: FaultRule | None = None
    operation: str = ""
    access_key_id: str = ""
    scope: str = ""
    error: str = ""
    reason: str = ""
    started: float = field(default_factory=time.perf_counter)


class Endpoint:
    """Answers requests; knows nothing of sockets."""

    def __init__(
        self, store: Store, authenticator: Authenticator, *, account_id: str, pace: Pace, faults: Faults,
        log: RequestLog, sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self._store = store
        self._authenticator = authenticator
        self._account_id = account_id
        self._pace = pace
        self._faults = faults
        self._log = log
        self._sleep = sleep

    def answer(self, request: Request) -> Answer:
        """Answers one request. Never raises on what a client sent."""
        answer = Answer(Response())
        try:
            answer.response = self._answer(request, answer)
        except S3Error as error:
            answer.error, answer.reason = error.code, error.reason
            answer.response = _error_response(error)
        except (ConnectionError, TimeoutError):
            raise
        except Exception as error:
            _LOGGER.exception("The local R2 failed to answer %s %s", request.method, request.raw_path)
            answer.error, answer.reason = "InternalError", repr(error)
            answer.response = _error_response(S3Error(ErrorKind.INTERNAL_ERROR))
        answer.response.headers |= access_control_headers(self._store, request)
        answer.response.headers["Server"] = "r2-layout local"
        answer.response.headers["x-amz-request-id"] = uuid.uuid4().hex
        return answer

    def write_down(self, request: Request, answer: Answer, *, was_reset: bool) -> None:
        """Adds a request to the log. `was_reset`: the client gets no answer at all."""
        response = answer.response
        has_body = not was_reset and request.method != "HEAD"
        bucket, key = _names(request)
        self._log.add(
            time=request.time,
            seconds=time.perf_counter() - answer.started,
            method=request.method,
            operation=answer.operation,
            bucket=bucket,
            key=key,
            bytes_in=request.stream.length - request.stream.left,
            bytes_out=response.content_length() if has_body else 0,
            access_key_id=answer.access_key_id,
            scope=answer.scope,
            status=0 if was_reset else response.status,
            error=answer.error,
            reason=answer.reason,
            fault="" if answer.fault is None else (answer.fault.name or str(answer.fault.action)),
        )

    def _answer(self, request: Request, answer: Answer) -> Response:
        request.check_target()
        if request.method == "OPTIONS":
            answer.operation = "Preflight"
            return preflight(self._store, request)
        _refuse_form_upload(request)
        operation, wrong_route = _try_detect(request)
        answer.operation = operation.name if operation else ""
        caller = self._authenticator.authenticate(request)
        answer.access_key_id, answer.scope = caller.credential.access_key_id, caller.describe()
        if operation is None:
            raise wrong_route or S3Error(ErrorKind.ROUTE_NOT_FOUND)
        context = Context(request, self._store, caller, operation, self._account_id, self._pace)
        _authorise(context, caller)
        answer.fault = self._faults.take(operation.name, _readable_key(request))
        self._before(answer.fault)
        response = perform(context)
        if answer.fault is not None and answer.fault.action is FaultAction.ERROR_AFTER:
            raise answer.fault.error()
        return response

    def _before(self, fault: FaultRule | None) -> None:
        if fault is None:
            return
        if fault.action is FaultAction.DELAY:
            self._sleep(fault.seconds)
        if fault.action is FaultAction.ERROR_BEFORE:
            raise fault.error()
        if fault.action is FaultAction.RESET:
            raise S3Error(ErrorKind.SERVICE_UNAVAILABLE, reason="fault on purpose")


def _try_detect(request: Request) -> tuple[Operation | None, S3Error | None]:
    """The operation; what is wrong with the route is told to authenticated clients only."""
    try:
        return detect(request), None
    except S3Error as error:
        return None, error


def _authorise(context: Context, caller: Caller) -> None:
    """Whether the credential opens what is asked for; before the bucket is looked up.

    Raises:
        S3Error: AccessDenied, and InvalidBucketName or InvalidObjectName for a path that names nothing.
    """
    operation, request = context.operation, context.request
    bucket = "" if request.is_on_account else context.bucket_name
    if not caller.may(operation.need, operation.action or operation.name, bucket, request.jurisdiction):
        raise S3Error(
            ErrorKind.ACCESS_DENIED, reason=f"{operation.name} is not granted on {bucket or 'the account'}"
        )
    if operation.on_key and not caller.opens_key(context.key):
        raise S3Error(ErrorKind.ACCESS_DENIED, reason="the key is out of scope")
    if operation.name in {"ListObjects", "ListObjectsV2", "ListMultipartUploads"}:
        prefix = normal_form(request.query.get("prefix", ""))
        if not caller.opens_prefix(prefix):
            raise S3Error(ErrorKind.ACCESS_DENIED, reason=f"the listing prefix {prefix!r} is out of scope")


def _refuse_form_upload(request: Request) -> None:
    """R2's answer to a browser's form upload, doubled words included (WSDK .../s3/dispatch.worker.ts)."""
    in_url = not {"X-Amz-Credential", "AWSAccessKeyId"}.isdisjoint(request.query)
    signed = in_url or "authorization" in request.headers
    if request.method == "POST" and not request.raw_key and not signed and "delete" not in request.query:
        raise not_implemented("Presigned post requests are not yet implemented")


def _names(request: Request) -> tuple[str, str]:
    """Bucket and key for the request log."""
    try:
        return request.raw_bucket, _readable_key(request)
    except S3Error:  # a host that is none of this endpoint's
        return "", request.raw_path


def _readable_key(request: Request) -> str:
    try:
        return request.key()
    except S3Error:
        return request.raw_key


def _error_response(error: S3Error) -> Response:
    content: list[Element] = [("Code", error.code), ("Message", printable(error.message))]
    content += [(name, printable(value)) for name, value in error.fields.items()]
    headers = {"Content-Type": "application/xml", **error.headers}
    return Response(error.status, headers, document("Error", content, namespace=None))
