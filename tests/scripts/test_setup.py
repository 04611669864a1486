"""`scripts/setup.py` makes the virtual environment, in a checkout of its own with nothing to install."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPT = REPOSITORY / "scripts" / "setup.py"


def setup(checkout: Path) -> subprocess.CompletedProcess[str]:
    """Run the script of a checkout, without the engine."""
    return subprocess.run(
        [sys.executable, str(checkout / "scripts" / "setup.py"), "--without-engine"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in a folder with a space in its name, set up with empty requirements."""
    folder = tmp_path_factory.mktemp("a checkout")
    (folder / "scripts").mkdir()
    (folder / "requirements").mkdir()
    shutil.copy(SCRIPT, folder / "scripts")
    (folder / "requirements" / "development.txt").write_text("# first\n")
    answer = setup(folder)
    assert (answer.returncode, answer.stderr) == (0, "")
    return folder


@pytest.fixture
def script() -> ModuleType:
    """The script as a module of its own."""
    specification = importlib.util.spec_from_file_location("setup_script", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_environment_is_made(checkout: Path) -> None:
    """The virtual environment has a Python and a pip."""
    answer = subprocess.run(
        [checkout / ".venv" / "bin" / "python", "-c", "import pip, sys; print(sys.prefix)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout == f"{checkout / '.venv'}\n"


def test_second_run_does_nothing(checkout: Path) -> None:
    """With everything in place the script says nothing and writes nothing."""
    before = (checkout / ".venv" / "r2-layout.stamp").stat().st_mtime_ns
    answer = setup(checkout)
    assert (answer.stdout, answer.stderr, answer.returncode) == ("", "", 0)
    assert (checkout / ".venv" / "r2-layout.stamp").stat().st_mtime_ns == before


def test_changed_requirements_are_installed(checkout: Path) -> None:
    """Another requirements file is installed into the environment that is there."""
    (checkout / "requirements" / "development.txt").write_text("# second\n")
    assert setup(checkout).stdout == (
        "installing the pinned requirements into .venv (usually 1 to 2 minutes, 500 MB on disk)\n"
    )
    assert setup(checkout).stdout == ""


def test_requirement_without_a_hash_is_refused(checkout: Path) -> None:
    """Only what a hash vouches for is installed; the end says which command failed."""
    requirements = checkout / "requirements" / "development.txt"
    requirements.write_text("pydantic==2.14.3\n")
    answer = setup(checkout)
    python = checkout / ".venv" / "bin" / "python"
    assert answer.returncode == 1
    assert answer.stderr.splitlines()[-1] == (
        f"error: this command failed with status 1: {python} -m pip --disable-pip-version-check --no-input "
        "install "
        f"--progress-bar off --require-hashes --requirement {requirements}"
    )


def test_python_that_is_too_old(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a Python that is new enough there is one clear line."""
    monkeypatch.setattr(script, "OLDEST", (99, 1))
    with pytest.raises(SystemExit) as raised:
        script.find_python()
    version = ".".join(str(number) for number in sys.version_info[:3])
    assert raised.value.code == f"error: Python 99.1 or newer with venv is needed: python3 is {version}"


def test_python_without_venv(script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A Python whose system package lacks venv is named, with the package to install."""
    python = tmp_path / "python3.11"
    python.write_text("#!/bin/sh\ncase $2 in *ensurepip*) exit 1;; esac\necho 3 11\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit) as raised:
        script.find_python()
    assert raised.value.code == (
        f"error: Python 3.11 or newer with venv is needed: {python} has no venv and ensurepip "
        "(on Debian and Ubuntu: the package python3-venv)"
    )


def test_newer_python_on_path_is_found(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """If `python3` is old, a newer one with its version in its name is used."""
    for name, version in (("python3", "3 9"), ("python3.13", "3 13")):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {version}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert script.find_python() == str(tmp_path / "python3.13")
