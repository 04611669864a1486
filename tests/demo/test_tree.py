"""The folded tree of a bucket."""

from io import StringIO

from rich.console import Console

from demo import tree


def _drawn(objects: list[tuple[str, int]], unfold: str) -> str:
    console = Console(file=StringIO(), width=80)
    console.print(tree.draw("bucket", tree.fold(objects), unfold=unfold))
    assert isinstance(console.file, StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


def test_only_the_way_to_the_named_folder_is_open() -> None:
    """Folders beside the way are one line with their totals; ``alice/`` is not on the way to ``a/``."""
    objects = [
        ("a/database.sqlite", 4096), ("a/raw_clips/one.mp4", 1000), ("a/raw_clips/posters/one.jpg", 500),
        ("alice/raw_clips/two.mp4", 2000), ("games/x.mp4", 10), ("games/y.mp4", 20),
    ]  # fmt: skip
    assert _drawn(objects, "a/") == (
        "bucket/  6 objects, 7.6 kB\n"
        "├── a/  3 objects, 5.6 kB\n"
        "│   ├── raw_clips/  2 objects, 1.5 kB\n"
        "│   └── database.sqlite  4.1 kB\n"
        "├── alice/  1 object, 2.0 kB\n"
        "└── games/  2 objects, 30 bytes"
    )


def test_many_files_of_one_folder_are_one_line() -> None:
    """More than three files directly in an open folder are counted, not named."""
    assert _drawn([(f"a/{number}", 1) for number in range(4)], "a/") == (
        "bucket/  4 objects, 4 bytes\n└── a/  4 objects, 4 bytes\n    └── 4 files, 4 bytes"
    )


def test_square_brackets_in_names_are_shown_as_they_are() -> None:
    """A name that looks like markup is printed, not obeyed."""
    assert _drawn([("[bold]", 1)], "") == "bucket/  1 object, 1 byte\n└── [bold]  1 byte"
