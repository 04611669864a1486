"""Every kind of credential, times every operation, times every area: inside its scope allowed, outside refused."""

import re
from collections.abc import Callable

import pytest

from layout.environment import Environment
from layout.scheme.table import SCHEME
from layout.storage.credentials.signing import ACTIONS
from tests.matrix.areas import AREAS, USERS
from tests.matrix.credentials import KINDS, Kind, Way
from tests.matrix.operations import OPERATIONS
from tests.matrix.sending import Sender
from tests.matrix.stage import Stage
from tests.matrix.summary import CELLS
from tests.matrix.trying import table, try_cells

Record = Callable[[str, object], None]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_credential_opens_its_scope_and_nothing_else(
    kind: Kind, stage: Stage, record_property: Record
) -> None:
    """Inside, every operation is allowed and has its effect; outside it is 403 and nothing changes or shows."""
    with Sender(stage.cloudflare.s3_endpoint, stage.credentials(kind)) as sender:
        count, wrong = try_cells(stage, sender, kind)
    record_property(CELLS, count)
    assert count == len(OPERATIONS) * len(AREAS)
    assert not wrong, f"{len(wrong)} of {count} cells of {kind.name!r}:\n{table(wrong)}"


def test_the_matrix_has_more_than_two_thousand_cells() -> None:
    """No kind, operation or area is named twice, so every cell is another one."""
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS) >= 16
    assert len({(area.bucket, area.key) for area in AREAS}) == len(AREAS)
    assert len(KINDS) * len(OPERATIONS) * len(AREAS) > 2000


def test_every_row_of_the_scheme_is_an_area() -> None:
    """In all three environments; the rows of a user for both users."""
    shown = {
        template.text.replace("{env}", environment).replace("{user}", user)
        for template in SCHEME.templates
        for environment in Environment
        for user in USERS
    }
    assert shown == {area.name for area in AREAS if area.group in set(Environment)}


def test_every_action_of_r2_is_an_operation() -> None:
    """All that a credential can be limited to, but the bucket's location, which is of no area."""
    tried = {re.split(",", operation.name)[0] for operation in OPERATIONS}
    names = {"ListObjectsV1": "ListObjects"}
    assert {names.get(action, action) for action in ACTIONS} - tried == {"GetBucketLocation"}


def test_a_hole_is_found_and_shown_in_a_table(stage: Stage) -> None:
    """A credential that opens more than it is declared to is reported cell by cell."""
    narrow = next(kind for kind in KINDS if kind.who == "environment prod" and not kind.may_write)
    wide = next(kind for kind in KINDS if kind.way is Way.TOKEN and kind.may_write)
    areas = [area for area in AREAS if area.key == "dev/layout.json"]
    operations = [
        operation for operation in OPERATIONS if operation.name in {"GetObject", "DeleteObject", "HeadObject"}
    ]
    with Sender(stage.cloudflare.s3_endpoint, stage.credentials(wide)) as sender:
        count, wrong = try_cells(stage, sender, narrow, operations=operations, areas=areas)
    assert count == 3
    assert table(wrong).splitlines() == [
        "operation     key                    expected          answer",
        "HeadObject    films/dev/layout.json  403 AccessDenied  allowed",
        "GetObject     films/dev/layout.json  403 AccessDenied  allowed, the object was shown",
        "DeleteObject  films/dev/layout.json  403 AccessDenied  allowed, something was changed",
    ]
