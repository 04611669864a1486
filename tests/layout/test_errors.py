"""The tree of errors."""

from __future__ import annotations

import inspect
import pickle
import traceback

import pytest

from layout import errors
from layout.errors import LayoutError, ObjectMissingError

ALL = [getattr(errors, name) for name in errors.__all__]


def test_every_class_is_exported() -> None:
    """``__all__`` lists every error class of the module."""
    classes = [
        name for name, item in inspect.getmembers(errors, inspect.isclass) if issubclass(item, LayoutError)
    ]
    assert sorted(classes) == sorted(errors.__all__)


@pytest.mark.parametrize("error", ALL)
def test_the_drawing_names_every_class(error: type[LayoutError]) -> None:
    """The module's drawing of the tree contains each class."""
    assert error.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize("error", ALL)
def test_one_base(error: type[LayoutError]) -> None:
    """Whoever catches LayoutError catches all of them."""
    assert issubclass(error, LayoutError)


@pytest.mark.parametrize("error", ALL)
def test_one_line_says_what_a_class_means(error: type[LayoutError]) -> None:
    """Each class has a docstring whose first line is a sentence."""
    assert (error.__doc__ or "").splitlines()[0].endswith(".")


def test_text_is_the_message_only() -> None:
    """The hint is an attribute and not part of the text."""
    error = LayoutError("It is wrong: 'x'.", hint="Use 'y'.", bucket="b", key="k")
    assert (str(error), error.hint, error.bucket, error.key) == ("It is wrong: 'x'.", "Use 'y'.", "b", "k")


def test_traceback_shows_the_hint() -> None:
    """Whoever sees a traceback sees what to do."""
    lines = traceback.format_exception_only(LayoutError("It is wrong.", hint="Use 'y'."))
    assert "".join(lines) == "layout.errors.LayoutError: It is wrong.\nTry: Use 'y'.\n"


def test_error_crosses_a_process_border() -> None:
    """A pickled error keeps its class, text and attributes."""
    error = pickle.loads(pickle.dumps(ObjectMissingError("Gone.", hint="Look.", bucket="b", key="k")))  # noqa: S301
    assert (type(error), str(error), error.__dict__) == (
        ObjectMissingError,
        "Gone.",
        {"hint": "Look.", "bucket": "b", "key": "k", "__notes__": ["Try: Look."]},
    )
