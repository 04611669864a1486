"""The bucket as a tree of places, of a bounded size: in every place the largest are shown, the others are one."""

import heapq
from collections.abc import Iterable, Iterator
from itertools import count, groupby

from layout.audit.inventory import Sum
from layout.audit.place import OUTSIDE
from layout.audit.report import Node

__all__ = ["MOST_OWNERS", "MOST_USERS", "make_tree"]

MOST_USERS = 200
"""So many users of an area are shown, and as many folders of unknown keys."""
MOST_OWNERS = 50
"""So many profiles or projects of a user are shown."""
_OUTSIDE_NAME = "no environment"
_KINDS = ("bucket", "environment", "area", "user", "owner")
_MOST = (0, 0, MOST_USERS, MOST_OWNERS, 0)


def make_tree(name: str, rows: Iterable[Sum]) -> Node:
    """The tree of a bucket.

    Args:
        name: Of the bucket.
        rows: Its places, in order.
    """
    return _node(name, 0, iter(rows))


def _node(name: str, level: int, rows: Iterator[Sum]) -> Node:
    """The node of everything that agrees in the first `level` parts of its place."""
    own: list[Sum] = []
    children = _Largest(_MOST[level])
    if level == len(_KINDS) - 1:
        own = list(rows)
    else:
        for part, group in groupby(rows, key=lambda row: row.place[level]):
            if level >= 2 and not part:
                # No user, or no owner, is named: a level is left out, not called nothing.
                children.take(_lower(level, group, own))
            else:
                children.take([_node(part if level or part != OUTSIDE else _OUTSIDE_NAME, level + 1, group)])
    return _sum(name, _KINDS[level], own, children.nodes())


def _lower(level: int, rows: Iterator[Sum], own: list[Sum]) -> list[Node]:
    """What lies directly in a place, and what lies deeper without a level between."""
    below: list[Node] = []
    for row in rows:
        if any(row.place[level + 1 :]):
            below.append(_sum(row.place[-1], "owner", [row], []))
        else:
            own.append(row)
    return below


def _sum(name: str, kind: str, own: list[Sum], children: list[Node]) -> Node:
    """A place with what lies in it. What lies in it directly is a part of its own beside others."""
    doubts = sorted({reason for row in own for reason in row.doubts.splitlines()})
    if children and any(row.objects for row in own):
        children = [*children, _sum("directly in it", "others", own, [])]
    parts = children or own
    return Node.model_validate(
        {
            "name": name,
            "kind": kind,
            "objects": sum(part.objects for part in parts),
            "bytes": sum(part.bytes for part in parts),
            "oldest": min((part.oldest for part in parts if part.oldest), default=""),
            "newest": max((part.newest for part in parts), default=""),
            "doubts": doubts,
            "doubtful": bool(doubts) or any(child.doubtful for child in children),
            "children": children,
        }
    )


class _Largest:
    """Nodes, of which the smallest are put together as soon as there are too many.

    Args:
        most: How many are kept; 0 keeps all.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: list[tuple[int, int, int, Node]] = []
        self._others: list[Node] = []
        self._number = 0
        self._order = count()

    def take(self, nodes: Iterable[Node]) -> None:
        """Takes nodes."""
        for node in nodes:
            # Equal ones are kept in the order they came in.
            heapq.heappush(self._kept, (node.bytes, node.objects, -next(self._order), node))
            if self._most and len(self._kept) > self._most:
                *_, smallest = heapq.heappop(self._kept)
                self._number += 1
                self._others = [_together(self._others, smallest)]

    def nodes(self) -> list[Node]:
        """The largest first; the others at the end, with their number in their name."""
        kept = [node for *_, node in sorted(self._kept, key=lambda entry: entry[:3], reverse=True)]
        return kept + [
            other.model_copy(update={"name": f"{self._number:,} others"}) for other in self._others
        ]


def _together(others: list[Node], node: Node) -> Node:
    bare = node.model_copy(update={"children": [], "doubts": [], "kind": "others"})
    if not others:
        return bare
    (other,) = others
    return bare.model_copy(
        update={
            "objects": other.objects + node.objects,
            "bytes": other.bytes + node.bytes,
            "oldest": min((one for one in (other.oldest, node.oldest) if one), default=""),
            "newest": max(other.newest, node.newest),
            "doubtful": other.doubtful or node.doubtful,
        }
    )
