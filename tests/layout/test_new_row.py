"""What a person must add for a new row of the scheme, found by what lacks it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import layout
from layout import keys
from layout.environment import Environment
from layout.scheme.table import SCHEME, Scheme
from layout.scheme.template import KeyTemplate, PrefixTemplate
from layout.scheme.variables import Access
from scripts.generate import readme_tree
from tests.layout.test_keys import BUILDERS, PREFIXES

ROOT = Path(__file__).parents[2]
# A value for each parameter of a builder; one that is missing here is a builder of another kind.
SAMPLES = {
    "user_id": "a", "profile_id": "p", "project_id": "p", "scene_id": "s", "media_type": "audio",
    "path": "x", "file": "x",
}  # fmt: skip


def built(name: str) -> str:
    """What a builder of `layout.keys` gives for the samples."""
    builder = getattr(keys, name)
    arguments = {
        parameter: SAMPLES[parameter]
        for parameter in inspect.signature(builder).parameters
        if parameter != "environment"
    }
    return str(builder(**arguments, environment=Environment.DEV))


def lacking(scheme: Scheme) -> Iterator[str]:
    """What is to be added for the rows and prefixes of a scheme, each with the place where."""
    builders = {name for name in keys.__all__ if name.endswith("_key") and name != "parse_key"}
    builders_of = {SCHEME.parse(built(name)).template.text: name for name in sorted(builders)}
    tried = {row for *_, row in BUILDERS}
    for row in scheme.templates:
        builder = builders_of.get(row.text)
        if builder is None:
            yield f"layout/keys.py: a builder of {row.text!r}, in its __all__ too"
        elif builder not in layout.__all__:
            yield f"layout/__init__.py: the builder {builder!r} of {row.text!r}"
        if row.name not in tried:
            yield f"tests/layout/test_keys.py: a line about the row {row.name!r} in BUILDERS"
    prefixes = {built(name) for name in keys.__all__ if name.endswith("_prefix")}
    tried_prefixes = {expected for *_, expected in PREFIXES}
    for prefix in scheme.prefixes:
        text = prefix.fill(*("dev" if name == "env" else SAMPLES[f"{name}_id"] for name in prefix.names))
        if text not in prefixes:
            yield f"layout/keys.py: a builder of the prefix {prefix.text!r}, in its __all__ too"
        if text not in tried_prefixes:
            yield f"tests/layout/test_keys.py: a line about the prefix {prefix.name!r} in PREFIXES"
    if readme_tree(scheme) not in (ROOT / "README.md").read_text(encoding="utf-8"):
        yield "README.md: run make generate"


def test_nothing_is_lacking() -> None:
    """Every row and prefix of the scheme has its builder, its export, its line in the tests and in README."""
    missing = list(lacking(SCHEME))
    assert not missing, "A row of layout/scheme/table.py is not complete. Add:\n" + "\n".join(missing)


def test_a_new_row_is_told_all_at_once() -> None:
    """Whoever adds thumbnails learns every place from one message."""
    row = KeyTemplate(
        name="thumbnail",
        text="{env}/users/{user}/thumbnails/{file}",
        description="a small picture of a clip",
        access=Access.USER,
        variables=(*SCHEME["profiles"].variables, SCHEME["project_output"].variables[-1]),
    )
    prefix = PrefixTemplate(
        name="thumbnails",
        text="{env}/users/{user}/thumbnails/",
        description="all thumbnails of a user",
        variables=SCHEME["profiles"].variables,
    )
    scheme = Scheme(templates=(*SCHEME.templates, row), prefixes=(*SCHEME.prefixes, prefix))
    assert list(lacking(scheme)) == [
        "layout/keys.py: a builder of '{env}/users/{user}/thumbnails/{file}', in its __all__ too",
        "tests/layout/test_keys.py: a line about the row 'thumbnail' in BUILDERS",
        "layout/keys.py: a builder of the prefix '{env}/users/{user}/thumbnails/', in its __all__ too",
        "tests/layout/test_keys.py: a line about the prefix 'thumbnails' in PREFIXES",
        "README.md: run make generate",
    ]
