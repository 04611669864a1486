"""A bucket as a tree of folders with the number of objects and bytes under each, most of it folded."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.filesize import decimal
from rich.text import Text
from rich.tree import Tree

_FILES_SHOWN = 3


@dataclass
class Folder:
    """A folder: what lies directly in it, and the totals of everything under it."""

    objects: int = 0
    bytes: int = 0
    folders: dict[str, "Folder"] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)

    def add(self, path: list[str], size: int) -> None:
        """Count an object of `size` bytes whose path from here is `path`."""
        self.objects += 1
        self.bytes += size
        if len(path) == 1:
            self.files[path[0]] = size
        else:
            self.folders.setdefault(path[0], Folder()).add(path[1:], size)


def fold(objects: Iterable[tuple[str, int]]) -> Folder:
    """Return the root folder of a bucket from (key, size in bytes) pairs."""
    root = Folder()
    for key, size in objects:
        root.add(key.split("/"), size)
    return root


def draw(name: str, root: Folder, *, unfold: str) -> Tree:
    """Return the tree of a bucket in which only the folders on the way to `unfold`, and it, are open.

    Args:
        name: What to call the root.
        root: From `fold`.
        unfold: A prefix that ends with ``/``: the folder to show the inside of.
    """
    tree = Tree(_label(f"{name}/", root))
    _grow(tree, root, "", unfold)
    return tree


def _grow(tree: Tree, folder: Folder, prefix: str, unfold: str) -> None:
    for name in sorted(folder.folders):
        child, path = folder.folders[name], f"{prefix}{name}/"
        branch = tree.add(_label(f"{name}/", child))
        if unfold.startswith(path):
            _grow(branch, child, path, unfold)
    if len(folder.files) > _FILES_SHOWN:
        tree.add(Text(f"{len(folder.files)} files, {decimal(sum(folder.files.values()))}", style="dim"))
        return
    for name in sorted(folder.files):
        tree.add(Text.assemble(name, (f"  {decimal(folder.files[name])}", "dim")))


def _label(name: str, folder: Folder) -> Text:
    plural = "" if folder.objects == 1 else "s"
    return Text.assemble(
        (name, "bold"), (f"  {folder.objects} object{plural}, {decimal(folder.bytes)}", "dim")
    )
