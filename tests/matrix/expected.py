"""What each cell of the matrix must answer, derived from the declared scope alone.

Nothing here knows the local Cloudflare: the same table is what a real bucket must answer.
"""

from layout.access import CredentialScope
from tests.matrix.areas import Area
from tests.matrix.credentials import Kind
from tests.matrix.operations import Operation

__all__ = ["ALLOWED", "REFUSED", "REFUSED_BY_KEY", "expected", "home_of", "opens"]

ALLOWED = "allowed"
REFUSED = "403 AccessDenied"
REFUSED_BY_KEY = "200 with AccessDenied for the key"


def opens(scope: CredentialScope, area: Area, text: str) -> bool:
    """Whether a key or a listing prefix of an area lies in a scope."""
    return area.bucket == scope.bucket and scope.allows(text)


def expected(kind: Kind, operation: Operation, area: Area) -> str:
    """The answer to an operation on an area, asked with a kind of credential."""
    if operation.writes and not kind.may_write:
        return REFUSED
    if opens(kind.scope, area, operation.touches(area)):
        return ALLOWED
    # A batch speaks of its keys one by one, but of the bucket as a whole.
    by_key = operation.answers_by_key and area.bucket == kind.scope.bucket
    return REFUSED_BY_KEY if by_key else REFUSED


def home_of(scope: CredentialScope) -> str:
    """A key in the scope that is no area's: the other end of a copy."""
    return (scope.prefixes[0] if scope.prefixes else "") + "home"
