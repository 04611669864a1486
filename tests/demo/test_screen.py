"""What the demonstration prints and how it runs commands."""

import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from demo.commands import Commands, clean_environment
from demo.screen import Screen
from local_cloudflare.errors import LocalCloudflareError


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
    screen.command(f"python x.py 'two words' {'y' * 200}")
    screen.table("things", ["name", "value"], [["a", "[b]"]])
    text = output.getvalue()
    assert "\x1b" not in text
    assert "1/7  one" in text
    assert "[bold] is no markup :smile:" in text
    assert f"$ python x.py 'two words' {'y' * 200}\n" in text
    assert "  a      [b]" in text


def test_settings_of_the_user_do_not_reach_a_command(
    screen: Screen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A command sees the variables of its file and none of the user's own buckets and accounts."""
    for name in ("R2_BUCKET", "CLOUDFLARE_API_TOKEN", "AWS_PROFILE", "PULUMI_HOME", "APP_ENV"):
        monkeypatch.setenv(name, "mine")
        assert name not in clean_environment()
    (tmp_path / "a.env").write_text("export R2_BUCKET='given $HOME'\nAPP_ENV=dev\n")
    show = "[os.environ.get(name) for name in ('R2_BUCKET', 'APP_ENV', 'AWS_PROFILE')]"
    write = f"import os; open('seen', 'w').write(repr({show}))"
    Commands(screen, tmp_path).run_with(tmp_path / "a.env", ["-c", write])
    assert (tmp_path / "seen").read_text() == "['given $HOME', 'dev', None]"


def test_a_command_is_shown_as_a_shell_runs_it(screen: Screen, output: StringIO, tmp_path: Path) -> None:
    """The printed line, given to a shell, does the same: the file's variables reach the command."""
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "a b.env").write_text("R2_BUCKET=given\n")
    write = "import os; open('seen', 'a').write(os.environ['R2_BUCKET'] + ';')"
    Commands(screen, tmp_path).run_with(tmp_path / "env" / "a b.env", ["-c", write])
    line = output.getvalue().strip().removeprefix("$ ")
    search = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    subprocess.run(["sh", "-c", line], cwd=tmp_path, env={"PATH": search}, check=True)
    assert (tmp_path / "seen").read_text() == "given;given;"


def test_a_command_that_fails_stops_the_demonstration(screen: Screen, tmp_path: Path) -> None:
    """The error names the command and its status."""
    with pytest.raises(LocalCloudflareError) as caught:
        Commands(screen, tmp_path).run(["-c", "raise SystemExit(3)"], {})
    assert str(caught.value) == "The command \"python -c 'raise SystemExit(3)'\" ended with status 3."
    assert caught.value.hint == "Its own message stands above."


def test_paths_inside_the_repository_are_shown_short(screen: Screen, tmp_path: Path) -> None:
    """A path below the repository is relative to it, another is whole."""
    commands = Commands(screen, tmp_path)
    assert commands.shown(tmp_path / ".local" / "plan.sqlite") == ".local/plan.sqlite"
    assert commands.shown(Path(sys.prefix)) == sys.prefix
