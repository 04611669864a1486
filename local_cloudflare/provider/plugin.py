"""Pulumi's methods over the table of resources."""

from __future__ import annotations

import json
import os
import re
from typing import Any

from pulumi.provider.experimental import provider as pulumi_provider
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import (
    CheckFailure,
    CheckRequest,
    CheckResponse,
    ConfigureRequest,
    ConfigureResponse,
    CreateRequest,
    CreateResponse,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    GetSchemaRequest,
    GetSchemaResponse,
    InvokeRequest,
    InvokeResponse,
    PropertyDiff,
    PropertyDiffKind,
    ReadRequest,
    ReadResponse,
    UpdateRequest,
    UpdateResponse,
)

from local_cloudflare.provider.api import Api, ProviderError, is_local
from local_cloudflare.provider.engine_log import EngineLog
from local_cloudflare.provider.functions import FUNCTIONS
from local_cloudflare.provider.kinds import KINDS, Kind
from local_cloudflare.provider.property_values import is_unknown, plain_map, property_map

__all__ = ["LocalCloudflareProvider"]

_TOKEN = re.compile(r"[0-9A-Za-z\-_]{40,80}")
# As the real plugin writes them (TFCF r2_bucket_lock/resource.go, PTB pkg/pf/tfbridge/provider_diagnostics.go).
_REMAINS = (
    "[WARNING] This resource cannot be destroyed from Terraform. If you create this resource, it will be present in "
    "the API until manually deleted.: Resource Destruction Considerations"
)
_GONE = (
    "[WARNING] The resource was not found on the server and will be removed from state.: Resource not found"
)


class LocalCloudflareProvider(pulumi_provider.Provider):
    """The provider `cloudflare`, for a Cloudflare on this machine.

    Args:
        version: The version of pulumi_cloudflare that programs use.
        log: Where lines for the user go.

    Attributes:
        api: The connection; None until `configure`.
    """

    def __init__(self, version: str, log: EngineLog) -> None:
        self._version = version
        self._log = log
        self.api: Api | None = None

    async def get_schema(self, request: GetSchemaRequest) -> GetSchemaResponse:
        """The name and version only: programs bring their own SDK."""
        del request
        return GetSchemaResponse(json.dumps({"name": "cloudflare", "version": self._version}))

    async def check_config(self, request: CheckRequest) -> CheckResponse:
        """Refuses a configured token of the wrong form; one of the environment is sent as it is."""
        token = plain_map(request.new_inputs).get("apiToken")
        failures = []
        if token is not None and not is_unknown(token) and not _TOKEN.fullmatch(str(token)):
            failures.append(
                CheckFailure(
                    "apiToken",
                    "API tokens must be 40 to 80 characters long and only contain characters a-z, A-Z, 0-9, "
                    "hyphens and underscores",
                )
            )
        return CheckResponse(inputs=request.new_inputs, failures=failures)

    async def configure(self, request: ConfigureRequest) -> ConfigureResponse:
        """Connects to the address of `baseUrl` or CLOUDFLARE_BASE_URL.

        Raises:
            ProviderError: The address is missing or not on this machine.
        """
        settings = plain_map(request.args)
        base_url = _setting(settings, "baseUrl", "CLOUDFLARE_BASE_URL")
        if not is_local(base_url):
            raise ProviderError(
                "this stand-in for the Cloudflare provider serves a Cloudflare on this machine only, and the "
                f"base URL is {base_url!r}: set CLOUDFLARE_BASE_URL as `python -m local_cloudflare env` prints it"
            )
        self.api = Api(base_url, _setting(settings, "apiToken", "CLOUDFLARE_API_TOKEN"))
        # Secrets come in plain, and the engine marks outputs of the same names. Output values are not
        # accepted, since the library cannot read those without dependencies.
        return ConfigureResponse(supports_preview=True)

    async def check(self, request: CheckRequest) -> CheckResponse:
        """Refuses inputs that the real plugin refuses before any request."""
        problems = _kind(request.type).resource.problems(plain_map(request.new_inputs))
        failures = [CheckFailure(name, reason) for name, reason in problems]
        return CheckResponse(inputs=request.new_inputs, failures=failures)

    async def diff(self, request: DiffRequest) -> DiffResponse:
        """Compares the program with the state, field by field."""
        resource = _kind(request.type).resource
        state, inputs = plain_map(request.old_state), plain_map(request.new_inputs)
        changed = [name for name in resource.changed(state, inputs) if name not in request.ignore_changes]
        replaces = [name for name in changed if name in resource.replace_on]
        details = {name: _detail(state, resource.planned(inputs), name, name in replaces) for name in changed}
        return DiffResponse(
            changes=bool(changed), replaces=replaces, diffs=changed, stables=[], detailed_diff=details
        )

    async def create(self, request: CreateRequest) -> CreateResponse:
        """Makes a resource; a preview sends nothing."""
        kind = _kind(request.type)
        inputs = plain_map(request.properties)
        if kind.resource.remains:
            await self._log.warning(request.urn, _REMAINS)
        if request.preview:
            return CreateResponse("", _properties(kind, kind.resource.preview(inputs)))
        resource_id, state = await kind.create(self._connection(), kind.resource.planned(inputs))
        return CreateResponse(resource_id, _properties(kind, state))

    async def read(self, request: ReadRequest) -> ReadResponse:
        """Refreshes, or imports when nothing is known but the id.

        A 404 drops a known resource from the state; for an import it is an error.
        """
        kind = _kind(request.type)
        known, inputs = plain_map(request.properties), plain_map(request.inputs)
        asked = known or kind.resource.imported(request.resource_id)
        resource_id = request.resource_id if known else _own_id(asked)
        try:
            fresh = await kind.read(self._connection(), {**asked, "id": resource_id})
        except ProviderError as error:
            if known and error.status == 404:
                await self._log.warning(request.urn, _GONE)
                return ReadResponse()
            raise
        state = {**_kept(known, kind.resource.secrets), **fresh}
        names = inputs or [name for name in kind.resource.inputs if name in state]
        return ReadResponse(
            resource_id,
            _properties(kind, state),
            property_map({name: state.get(name) for name in names}),
        )

    async def update(self, request: UpdateRequest) -> UpdateResponse:
        """Changes a resource in place; a preview sends nothing."""
        kind = _kind(request.type)
        old, inputs = plain_map(request.olds), plain_map(request.news)
        if request.preview:
            return UpdateResponse(_properties(kind, kind.resource.preview(inputs, old)))
        planned = {**kind.resource.planned(inputs), "id": request.resource_id}
        state = await kind.update(self._connection(), planned)
        return UpdateResponse(_properties(kind, {**_kept(old, kind.resource.outputs), **state}))

    async def delete(self, request: DeleteRequest) -> None:
        """Removes a resource. A resource that is gone already is an error, as with the real plugin."""
        state = {**plain_map(request.properties), "id": request.resource_id}
        await _kind(request.type).delete(self._connection(), state)

    async def invoke(self, request: InvokeRequest) -> InvokeResponse:
        """Answers a data source."""
        function = FUNCTIONS.get(request.tok)
        if function is None:
            raise ProviderError(
                f"the local stand-in has no function {request.tok!r}: it knows {sorted(FUNCTIONS)!r}"
            )
        arguments = {name: value for name, value in plain_map(request.args).items() if not is_unknown(value)}
        return InvokeResponse(property_map(await function(self._connection(), arguments)))

    def _connection(self) -> Api:
        if self.api is None:
            raise ProviderError("the provider is not configured")
        return self.api


def _kind(type_token: str) -> Kind:
    # The library takes the type from the URN, where the types of components stand before it.
    kind = KINDS.get(type_token.rpartition("$")[2])
    if kind is None:
        raise ProviderError(f"the local stand-in has no resource {type_token!r}: it knows {sorted(KINDS)!r}")
    return kind


def _setting(settings: dict[str, Any], name: str, variable: str) -> str:
    """A provider setting: from the program or stack config, else from the environment."""
    return str(settings.get(name) or os.environ.get(variable, ""))


def _properties(kind: Kind, state: dict[str, Any]) -> dict[str, PropertyValue]:
    """A state as Pulumi keeps it: the id stands elsewhere, secrets are marked."""
    fields = {name: value for name, value in state.items() if name != "id"}
    return property_map(fields, secret=kind.resource.secrets)


def _kept(state: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: state[name] for name in names if name in state}


def _own_id(imported: dict[str, Any]) -> str:
    """The id in state, which is shorter than the import id: a token's id, a bucket's name."""
    return str(imported.get("id") or imported["name"])


def _detail(state: dict[str, Any], planned: dict[str, Any], name: str, replaces: bool) -> PropertyDiff:
    if name not in state:
        kind = PropertyDiffKind.ADD_REPLACE if replaces else PropertyDiffKind.ADD
    elif name not in planned:
        kind = PropertyDiffKind.DELETE_REPLACE if replaces else PropertyDiffKind.DELETE
    else:
        kind = PropertyDiffKind.UPDATE_REPLACE if replaces else PropertyDiffKind.UPDATE
    return PropertyDiff(kind, input_diff=False)
