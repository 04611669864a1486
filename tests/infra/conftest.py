"""Running the Pulumi program without an engine: a small account answers look-ups and records resources."""

import asyncio
import logging
import runpy
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pulumi
import pytest
from pulumi.runtime import config as pulumi_config
from pulumi.runtime import settings as pulumi_settings

PROGRAM = Path(__file__).resolve().parents[2] / "infra" / "__main__.py"
ACCOUNT = "0123456789abcdef0123456789abcdef"
GROUPS = {
    "Workers R2 Storage Bucket Item Read": "6a018a9f2fc74eb6b293b0c548f38b39",
    "Workers R2 Storage Bucket Item Write": "2efd5506f9c8494dacb1fa10a3e7d5b6",
}
BUCKET_MISSING = (
    f'GET "https://api.cloudflare.com/client/v4/accounts/{ACCOUNT}/r2/buckets/clips": 404 Not Found '
    '{"success":false,"errors":[{"code":10006,"message":"The specified bucket does not exist."}]}'
)


class ProviderError(grpc.RpcError):  # type: ignore[misc]
    """How the engine reports a look-up that the provider refused."""

    def code(self) -> grpc.StatusCode:
        """The status that Pulumi asks for."""
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        """The provider's text."""
        return str(self)


@dataclass
class Registered:
    """One resource that the program declared."""

    type: str
    name: str
    inputs: dict[str, Any]
    import_id: str
    options: pulumi.ResourceOptions


@dataclass
class Account(pulumi.runtime.Mocks):
    """What exists in Cloudflare and in the stack's state when the program runs."""

    storage_class: str | None = None
    rules: list[dict[str, Any]] = field(default_factory=list)
    locks: list[dict[str, Any]] = field(default_factory=list)
    exported: dict[str, Any] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=lambda: dict(GROUPS))
    in_state: bool = False
    failures: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    declared: list[tuple[str, str, dict[str, Any], str]] = field(default_factory=list)

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        """Answer a look-up; a name in `failures` raises its text."""
        function = args.token.rsplit(":", 1)[-1]
        self.calls.append((function, dict(args.args)))
        if function in self.failures:
            raise ProviderError(self.failures[function])
        return getattr(self, f"_{function}")(args.args)

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Record a resource; a token gets an id and a value as from Cloudflare."""
        self.declared.append((args.typ, args.name, dict(args.inputs), args.resource_id or ""))
        outputs = dict(args.inputs)
        if args.typ.endswith(":AccountToken"):
            outputs["value"] = f"value-of-{args.name}"
        return f"id-of-{args.name}", outputs

    def _readStackResourceOutputs(self, args: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802 the function's name
        bucket = {
            "type": "cloudflare:index/r2Bucket:R2Bucket",
            "outputs": {"name": "clips", "accountId": ACCOUNT},
        }
        stack = {"type": "pulumi:pulumi:Stack", "outputs": {"bucket_name": "clips", **self.exported}}
        resources = {"urn:of:the:stack": stack, "urn:of:the:bucket": bucket} if self.in_state else {}
        return {"name": args["stackName"], "outputs": resources}

    def _getR2Bucket(self, args: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802 the function's name
        if self.storage_class is None:
            raise ProviderError(BUCKET_MISSING)
        return {**args, "name": args["bucketName"], "storageClass": self.storage_class}

    def _getR2BucketLifecycle(self, args: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802 the function's name
        return {**args, "rules": self.rules}

    def _getR2BucketLock(self, args: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802 the function's name
        return {**args, "rules": self.locks}

    def _getAccountApiTokenPermissionGroupsList(self, args: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802 same
        return {**args, "results": [{"name": name, "id": group} for name, group in self.groups.items()]}


@dataclass
class Run:
    """What one run of the program did."""

    resources: list[Registered]
    outputs: dict[str, Any]
    secret_outputs: set[str]
    statuses: list[object]
    errors: list[str]

    def of_type(self, suffix: str) -> list[Registered]:
        """The resources whose type ends in this name."""
        return [resource for resource in self.resources if resource.type.rsplit(":", 1)[-1] == suffix]

    def refusal(self) -> str:
        """The one line of a refused run, which must have touched nothing."""
        assert self.statuses == [32]
        assert self.resources == []
        (line,) = self.errors
        assert "\n" not in line
        return line


RunProgram = Callable[..., Run]


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Become a stack with this config: `stack("prod", bucket="clips")`."""
    monkeypatch.delenv("APP_ENV", raising=False)
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", ACCOUNT)

    def become(name: str, **config: str) -> None:
        pulumi_config.set_all_config({f"r2-layout:{key}": value for key, value in config.items()})
        pulumi.runtime.configure(pulumi.runtime.Settings(project="r2-layout", stack=name))

    yield become
    pulumi_config.set_all_config({})


@pytest.fixture
def run_program(stack: Callable[..., None]) -> Iterator[RunProgram]:
    """Run infra/__main__.py as the engine does: `run_program("prod", account, adopt="true")`.

    The bucket is `clips` unless said otherwise. Pulumi leaves an event loop open in every thread that
    answers a call, so the threads are ours and their loops are closed.
    """
    loops: list[asyncio.AbstractEventLoop] = []

    def open_loop() -> None:
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    open_loop()
    threads = ThreadPoolExecutor(max_workers=2, initializer=open_loop)
    loops[0].set_default_executor(threads)

    def run(name: str = "prod", account: Account | None = None, **config: str) -> Run:
        account = account or Account()
        stack(name, **{"bucket": "clips", **config})
        pulumi_settings.set_root_resource(None)  # type: ignore[arg-type]
        pulumi.runtime.set_mocks(account, project="r2-layout", stack=name, organization="organization")
        return _run(account)

    yield run
    threads.shutdown()
    for loop in loops:
        loop.close()
    asyncio.set_event_loop(None)


def _run(account: Account) -> Run:
    options: dict[str, pulumi.ResourceOptions] = {}
    errors: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: errors.append(record.getMessage())  # type: ignore[method-assign]

    def record(args: pulumi.ResourceTransformationArgs) -> None:
        options[args.name] = args.opts

    outputs: dict[str, Any] = {}
    secret: set[str] = set()
    statuses: list[object] = []

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def program() -> pulumi.Output[None]:
        pulumi.runtime.register_stack_transformation(record)
        try:
            runpy.run_path(str(PROGRAM), run_name="__main__")
        except SystemExit as end:
            statuses.append(end.code)
        exported = pulumi_settings.get_root_resource().outputs  # type: ignore[union-attr]
        return pulumi.Output.from_input(_collect(exported, outputs, secret))

    logging.getLogger().addHandler(handler)
    try:
        program()
    finally:
        logging.getLogger().removeHandler(handler)
    resources = [Registered(*declared, options[declared[1]]) for declared in account.declared]
    return Run(resources, outputs, secret, statuses, errors)


async def _collect(exported: Mapping[str, Any], outputs: dict[str, Any], secret: set[str]) -> None:
    for name, value in exported.items():
        output = pulumi.Output.from_input(value)
        outputs[name] = await output.future()
        if await output.is_secret():
            secret.add(name)


@pytest.fixture
def existing_account() -> Callable[..., Account]:
    """An account that has the bucket: `existing_account(storage_class="Standard", rules=[...])`."""

    def make(**facts: Any) -> Account:
        return Account(**{"storage_class": "Standard", **facts})

    return make
