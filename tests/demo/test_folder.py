"""The folder of a demonstration."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from demo import folder
from demo.folder import DemoFolder
from local_cloudflare.errors import LocalCloudflareError


def test_what_an_earlier_run_left_is_removed(tmp_path: Path) -> None:
    """A second run in the same folder starts empty."""
    with DemoFolder(tmp_path / "demo") as first:
        (first.path / "state").mkdir()
        (first.path / "state" / "file").touch()
    with DemoFolder(tmp_path / "demo") as second:
        assert [path.name for path in second.path.iterdir()] == [".r2-layout-demo"]


def test_a_folder_with_other_content_is_not_touched(tmp_path: Path) -> None:
    """Files that no demonstration made are kept, and the error says so."""
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(LocalCloudflareError) as caught:
        DemoFolder(tmp_path)
    assert str(caught.value) == f"The folder {str(tmp_path)!r} holds files that are not a demonstration's."
    assert caught.value.hint == "Name an empty or a new folder; an earlier demonstration's would be emptied."
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_two_runs_do_not_share_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second run waits for the first, then says who is in the way."""
    monkeypatch.setattr(folder, "_WAIT_SECONDS", 0.3)
    path = tmp_path / "demo"
    with DemoFolder(path), pytest.raises(LocalCloudflareError) as caught:
        DemoFolder(path)
    assert str(caught.value) == f"Another demonstration uses the folder {str(path)!r}."
    assert caught.value.hint == "Wait for it to end, or name another folder: --folder .local/demo-2"


def test_the_claim_lasts_as_long_as_a_process_that_holds_it(tmp_path: Path) -> None:
    """A run that follows a killed one waits until what the killed one started has ended."""
    sleeper = [sys.executable, "-c", "import time; time.sleep(1.5)"]
    with DemoFolder(tmp_path / "demo") as first:
        child = subprocess.Popen(sleeper, pass_fds=(first.lock,))
    started = time.monotonic()
    with child, DemoFolder(tmp_path / "demo"):
        assert time.monotonic() - started >= 1
