"""What the demonstration prints and how it runs commands."""

import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from infra.local.demo.commands import Commands, clean_environment
from infra.local.demo.screen import Screen
from layout.errors import LocalCloudflareError


@pytest.fixture
def output() -> StringIO:
    """Return what a screen without a terminal writes into."""
    return StringIO()


@pytest.fixture
def screen(output: StringIO) -> Screen:
    """Return a screen without a terminal."""
    return Screen(Console(file=output, highlight=False, markup=False, emoji=False))


def test_a_plain_screen_has_no_colours_and_keeps_long_lines(screen: Screen, output: StringIO) -> None:
    """Without a terminal there are no escape sequences, and a command stays one line to copy."""
    screen.step(1, "one")
    screen.say("[bold] is no markup :smile:", style="bold red")
    screen.command(["python", "x.py", "two words", "y" * 200], environment={"APP_ENV": "dev"})
    screen.table("things", ["name", "value"], [["a", "[b]"]])
    text = output.getvalue()
    assert "\x1b" not in text
    assert "1/5  one" in text
    assert "[bold] is no markup :smile:" in text
    assert f"$ APP_ENV=dev python x.py 'two words' {'y' * 200}\n" in text
    assert "│ a    │ [b]   │" in text


def test_settings_of_the_user_do_not_reach_a_command(
    screen: Screen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A command sees the settings that it is given and none of the user's own buckets and accounts."""
    for name in ("R2_BUCKET", "CLOUDFLARE_API_TOKEN", "AWS_PROFILE", "PULUMI_HOME", "APP_ENV"):
        monkeypatch.setenv(name, "mine")
        assert name not in clean_environment()
    show = "import os; print(os.environ.get('R2_BUCKET'), os.environ.get('AWS_PROFILE'))"
    commands = Commands(screen, tmp_path)
    assert commands.output(["-c", show], {"R2_BUCKET": "given"}) == "given None\n"


def test_a_command_with_another_status_stops_the_demonstration(screen: Screen, tmp_path: Path) -> None:
    """The error names the command and both statuses; an expected status is not an error."""
    commands = Commands(screen, tmp_path)
    commands.run(["-c", "raise SystemExit(3)"], {}, expect=3)
    with pytest.raises(LocalCloudflareError) as caught:
        commands.run(["-c", "raise SystemExit(3)"], {})
    assert str(caught.value) == "the command 'python -c raise SystemExit(3)' ended with status 3, not 0"
    assert caught.value.hint == "its own message stands above"


def test_paths_inside_the_repository_are_shown_short(screen: Screen, tmp_path: Path) -> None:
    """A path below the repository is relative to it, another is whole."""
    commands = Commands(screen, tmp_path)
    assert commands.shown(tmp_path / ".local" / "plan.sqlite") == ".local/plan.sqlite"
    assert commands.shown(Path(sys.prefix)) == sys.prefix
