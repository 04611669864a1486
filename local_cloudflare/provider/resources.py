"""One row a resource: its type, its fields, and what a changed field means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from local_cloudflare.provider.api import ProviderError
from local_cloudflare.provider.property_values import UNKNOWN, is_unknown

__all__ = ["RESOURCES", "Resource"]

_JURISDICTIONS = ("default", "eu", "us", "fedramp", "fedramp-high")


@dataclass(frozen=True)
class Resource:
    """What Pulumi needs to know about a resource.

    Attributes:
        token: The type token of pulumi_cloudflare.
        inputs: Fields that a program may set.
        required: Those that it must set.
        replace_on: Those whose change makes a new resource.
        defaults: What the provider assumes for a field that is not set.
        computed_inputs: Fields that keep the API's value when they are not set.
        outputs: Fields that only the API gives.
        secrets: Fields that are secret.
        choices: Values that a field may have, compared without case, as the real plugin does.
        import_id: The fields that an import id names, in order. Empty: cannot be imported.
        remains: Deleting it changes nothing in the API, which the real plugin warns of when it is made.
    """

    token: str
    inputs: tuple[str, ...]
    required: tuple[str, ...]
    replace_on: tuple[str, ...]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    computed_inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    import_id: tuple[str, ...] = ()
    remains: bool = False

    def planned(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs with the defaults filled in."""
        return {**self.defaults, **{name: inputs[name] for name in self.inputs if name in inputs}}

    def problems(self, inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
        """`(field, reason)` for each input that the real plugin refuses before any request."""
        missing = [(name, "this field is required") for name in self.required if name not in inputs]
        unknown = [
            (name, "this field does not exist")
            for name in inputs
            if name not in self.inputs and name[0] != "_"
        ]
        wrong = [
            (name, f"value must be one of {', '.join(allowed)}, got {inputs[name]!r}")
            for name, allowed in self.choices.items()
            if name in inputs
            and not is_unknown(inputs[name])
            and str(inputs[name]).lower() not in {each.lower() for each in allowed}
        ]
        return missing + unknown + wrong

    def imported(self, text: str) -> dict[str, str]:
        """The fields of an import id, such as `<accountId>/<name>/<jurisdiction>`.

        Raises:
            ProviderError: Another number of parts, or a resource that cannot be imported.
        """
        if not self.import_id:
            raise ProviderError(f"{self.token} does not currently support pulumi import")
        parts = text.split("/")
        if len(parts) != len(self.import_id) or not all(parts):
            form = "/".join(f"<{name}>" for name in self.import_id)
            raise ProviderError(f"invalid ID: expected {form}, got {text!r}")
        return dict(zip(self.import_id, parts, strict=True))

    def changed(self, state: Mapping[str, Any], inputs: Mapping[str, Any]) -> list[str]:
        """Fields in which the program differs from the state. An unknown value counts as a change."""
        planned = self.planned(inputs)
        return [
            name
            for name in self.inputs
            if not (name in self.computed_inputs and name not in planned)
            and not self._same(name, state.get(name), planned.get(name))
        ]

    def _same(self, name: str, old: Any, new: Any) -> bool:
        if name in self.choices and isinstance(old, str) and isinstance(new, str):
            return old.lower() == new.lower()
        return bool(old == new) and not is_unknown(new)

    def preview(self, inputs: Mapping[str, Any], state: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What a preview can say about the resource after the change; `state` None: it is new."""
        names = (*self.outputs, *self.computed_inputs)
        rest = {name: (UNKNOWN if state is None else state.get(name)) for name in names}
        return {**rest, **self.planned(inputs)}


BUCKET = Resource(
    token="cloudflare:index/r2Bucket:R2Bucket",  # noqa: S106 - a type token
    inputs=("accountId", "name", "jurisdiction", "location", "storageClass"),
    required=("accountId", "name"),
    replace_on=("accountId", "name", "location"),
    defaults={"jurisdiction": "default", "storageClass": "Standard"},
    computed_inputs=("location",),
    outputs=("creationDate",),
    choices={
        "jurisdiction": _JURISDICTIONS,
        "location": ("apac", "eeur", "enam", "weur", "wnam", "oc"),
        "storageClass": ("Standard", "InfrequentAccess"),
    },
    import_id=("accountId", "name", "jurisdiction"),
)

LIFECYCLE = Resource(
    token="cloudflare:index/r2BucketLifecycle:R2BucketLifecycle",  # noqa: S106 - a type token
    inputs=("accountId", "bucketName", "jurisdiction", "rules"),
    required=("accountId", "bucketName"),
    replace_on=("accountId", "bucketName"),
    defaults={"jurisdiction": "default"},
    choices={"jurisdiction": _JURISDICTIONS},
    remains=True,
)

LOCK = replace(LIFECYCLE, token="cloudflare:index/r2BucketLock:R2BucketLock")  # noqa: S106 - a type token

# The only rules that a destroy takes away.
CORS = replace(
    LIFECYCLE,
    token="cloudflare:index/r2BucketCors:R2BucketCors",  # noqa: S106 - a type token
    remains=False,
)

TOKEN = Resource(
    token="cloudflare:index/accountToken:AccountToken",  # noqa: S106 - a type token
    inputs=("accountId", "name", "policies", "condition", "expiresOn", "notBefore", "status"),
    required=("accountId", "name", "policies"),
    replace_on=("accountId",),
    computed_inputs=("status",),
    outputs=("issuedOn", "lastUsedOn", "modifiedOn", "value"),
    secrets=("value",),
    choices={"status": ("active", "disabled", "expired")},
    import_id=("accountId", "id"),
)

RESOURCES = {resource.token: resource for resource in (BUCKET, LIFECYCLE, LOCK, CORS, TOKEN)}
