"""Where a store is known not to hold a statement, and why. The suite fails if such a statement does hold.

The strict local R2 has no row here. Where it and miniflare disagree, R2's documentation decides.
"""

DIFFERENCES: dict[str, dict[str, str]] = {}
