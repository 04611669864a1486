"""The profile of the current request."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest

from layout.context import (
    CurrentProfile,
    current_profile,
    current_profile_id,
    use_no_profile,
    use_profile,
)
from layout.errors import InvalidKeyError, NoProfileError


def current_or_none() -> CurrentProfile | None:
    """The current profile, or None."""
    try:
        return current_profile()
    except NoProfileError:
        return None


def test_block_sets_and_unsets() -> None:
    """A profile is current inside its block and not after it."""
    with use_profile("a", "p") as current:
        assert current == current_profile() == CurrentProfile("a", "p")
    assert current_or_none() is None


def test_blocks_nest() -> None:
    """After an inner block the outer profile is current again."""
    with use_profile("a", "p"):
        with use_profile("b", "q"):
            assert current_profile() == CurrentProfile("b", "q")
        assert current_profile() == CurrentProfile("a", "p")


def test_error_ends_the_block() -> None:
    """A block that ends by an error unsets its profile."""
    with pytest.raises(RuntimeError, match="stop"), use_profile("a", "p"):
        raise RuntimeError("stop")
    assert current_or_none() is None


def test_no_profile_inside_a_profile() -> None:
    """Work that is not the request's sees no profile, and the request sees its own afterwards."""
    with use_profile("a", "p"):
        with use_no_profile():
            assert current_or_none() is None
        assert current_profile_id("a") == "p"


def test_block_that_ends_in_another_context() -> None:
    """A block may end in a copy of the context that it began in, as frameworks make them."""

    def begin_and_end_elsewhere() -> None:
        block = use_profile("a", "p")
        block.__enter__()
        copied = contextvars.copy_context()
        copied.run(block.__exit__, None, None, None)
        assert copied.run(current_or_none) is None
        with use_no_profile():
            assert current_or_none() is None

    # Where it began it has not ended, which must not be where the other tests run.
    contextvars.copy_context().run(begin_and_end_elsewhere)


def test_tasks_do_not_see_each_other() -> None:
    """Two tasks that run in turns each have their own profile."""

    async def work(user: str, profile: str) -> list[str]:
        seen = []
        with use_profile(user, profile):
            for _ in range(3):
                await asyncio.sleep(0)
                seen.append(current_profile_id(user))
        return seen

    async def both() -> tuple[list[str], list[str]]:
        first, second = await asyncio.gather(work("a", "p"), work("b", "q"))
        return first, second

    with use_no_profile():
        assert asyncio.run(both()) == (["p"] * 3, ["q"] * 3)


def test_threads_start_without_a_profile() -> None:
    """A new thread has no profile, whatever is current in the one that starts it."""
    seen: list[CurrentProfile | None] = []
    with use_profile("a", "p"):
        thread = threading.Thread(target=lambda: seen.append(current_or_none()))
        thread.start()
        thread.join()
    assert seen == [None]


@pytest.mark.parametrize(
    ("user", "profile", "message"),
    [
        ("", "p", "The user id '' is empty."),
        ("a", "../q", "The profile id '../q' contains '/'."),
    ],
)
def test_ids_are_checked_at_the_edge(user: str, profile: str, message: str) -> None:
    """An id that could be in no key never becomes current."""
    with pytest.raises(InvalidKeyError) as caught, use_profile(user, profile):
        pass
    assert str(caught.value) == message


def test_ids_are_normalised() -> None:
    """Ids are kept in NFC, as they stand in keys."""
    with use_profile("e\u0301", "o\u0308") as current:
        assert current == CurrentProfile("é", "ö")


@pytest.mark.parametrize("user", ["b", 7])
def test_other_users_profile(user: str) -> None:
    """The current profile is given out for its own user only."""
    with use_profile("a", "p"), pytest.raises(NoProfileError) as caught:
        current_profile_id(user)
    assert str(caught.value) == f"The current profile 'p' belongs to the user 'a', not to the user {user!r}."
