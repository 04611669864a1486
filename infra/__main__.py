"""The Pulumi program of one environment: settings -> bucket -> lifecycle -> lock -> tokens -> outputs.

Everything that can be refused is refused before the first resource is registered, in one line.
"""

import sys
from pathlib import Path

# Pulumi runs this folder as a script, so it is sys.path[0]; `infra` and `layout` lie one level up.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pulumi

from infra.account import OwnState, own_state, permission_groups
from infra.bucket import LayoutBucket, check_bucket
from infra.cors import provision_cors
from infra.foreign import check_foreign_rules
from infra.lifecycle import lifecycle_of_scheme, provision_lifecycle
from infra.lock import lock_of_scheme, provision_lock
from infra.outputs import export_outputs
from infra.settings import load_settings
from infra.tokens import EnvironmentTokens
from layout.access import AUDIT, BACKEND
from layout.errors import LayoutError

# To the engine: the program has reported its error itself. No traceback follows.
_REPORTED = 32


def provision() -> None:
    """Check everything, then declare every resource of this stack."""
    settings = load_settings()
    state = own_state(settings) if settings.owns_bucket else OwnState()
    plan = check_bucket(settings, state)
    lifecycle, lock = lifecycle_of_scheme(settings), lock_of_scheme(settings)
    check_foreign_rules(settings, plan, state, [*lifecycle, *lock])
    groups = permission_groups(settings, (BACKEND.permission_group, AUDIT.permission_group))

    owned: list[pulumi.Resource] = []
    if settings.owns_bucket:
        bucket = LayoutBucket("layout", settings, plan)
        provision_lifecycle(settings, bucket)
        provision_lock(settings, bucket)
        provision_cors(settings, bucket)
        owned = [bucket.bucket]
    tokens = EnvironmentTokens("tokens", settings, groups, depends_on=owned)
    export_outputs(settings, tokens, lifecycle=lifecycle, lock=lock)


try:
    provision()
except LayoutError as error:
    pulumi.log.error(f"{error} {error.hint or ''}".rstrip())
    sys.exit(_REPORTED)
