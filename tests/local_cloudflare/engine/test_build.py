"""Building the engine: with a stand-in for Go, which writes what `go build` would."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from local_cloudflare.engine import build_engine, engine
from local_cloudflare.engine.find import Engine
from local_cloudflare.engine.places import MODULES, engine_stamp
from local_cloudflare.engine.toolchain import go_environment
from local_cloudflare.engine.versions import CLI_VERSION, LANGUAGE_HOST_VERSION
from local_cloudflare.errors import LocalCloudflareError

REPOSITORY = Path(__file__).resolve().parents[3]
Program = Callable[[str, str], Path]

# `go env GOVERSION`, `go list -m -f {{.Dir}} module`, `go build -v ... -o output package`
GO = """
[ "$GOTOOLCHAIN $GOWORK $CGO_ENABLED $GOFLAGS" = "local off 0 -mod=readonly -buildvcs=false" ] || exit 9
case $1 in
env) echo go1.26.6 ;;
list) echo {module} ;;
build) echo "go: downloading example.com/a v1.0.0"; echo internal/b; {then}
  while [ "$1" != -o ]; do shift; done; echo "$PWD $3" > "$2" ;;
esac
"""
HINT = (
    "Run this again with access to a Go module proxy, or put a Pulumi CLI (3.258 or newer, with its Python "
    "language host) on PATH."
)
BUILD = """
import pathlib, sys
from local_cloudflare.engine import build_engine
build_engine(print, local=pathlib.Path(sys.argv[1]))
"""


@pytest.fixture
def go(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give a function that puts a stand-in for Go on PATH, which does something more in a build."""
    script = tmp_path / "module" / "python" / "cmd" / "pulumi-language-python-exec"
    script.parent.mkdir(parents=True)
    script.write_text("#!/usr/bin/env python\n")
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "bin"), "/usr/bin", "/bin"]))

    def write(then: str = "") -> None:
        program("go", GO.format(module=tmp_path / "module", then=then))

    return write


def build_elsewhere(local: Path) -> subprocess.Popen[bytes]:
    """Start a build in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", BUILD, str(local)], cwd=REPOSITORY, stdout=subprocess.DEVNULL
    )


def test_build(go: Callable[[str], None], tmp_path: Path) -> None:
    """CLI, language host and its script end up in one folder, stamped; each step is told."""
    go("")
    lines: list[str] = []
    folder = tmp_path / "local" / "engine"
    assert build_engine(lines.append, local=tmp_path / "local") == Engine(
        folder / "pulumi", (folder,), own_language_host=True
    )
    assert (folder / "pulumi").read_text() == (
        f"{MODULES / 'cli'} github.com/pulumi/pulumi/pkg/v3/cmd/pulumi\n"
    )
    assert (folder / "pulumi-language-python").read_text() == (
        f"{MODULES / 'language-host'} github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python\n"
    )
    assert (folder / "pulumi-language-python-exec").read_text() == "#!/usr/bin/env python\n"
    assert os.access(folder / "pulumi-language-python-exec", os.X_OK)
    assert (folder / "stamp").read_text() == engine_stamp()
    assert [line for line in lines if not line.startswith("  ")] == [
        "building the Pulumi CLI v3.259.0 (4 to 9 minutes on two cores from empty caches)",
        "building Pulumi's Python language host v3.79.0 (about 1 minute)",
    ]


def test_second_build_takes_the_first_ones_result(go: Callable[[str], None], tmp_path: Path) -> None:
    """A build that finds a finished engine runs nothing."""
    go("")
    first = build_engine(lambda _line: None, local=tmp_path)
    go("exit 1")
    assert build_engine(lambda _line: None, local=tmp_path) == first


def test_failed_build_leaves_no_engine(go: Callable[[str], None], tmp_path: Path) -> None:
    """The error has Go's last lines, and nothing half-made stays."""
    go("case $PWD in *language-host) echo no network; exit 1;; esac")
    with pytest.raises(LocalCloudflareError) as raised:
        build_engine(lambda _line: None, local=tmp_path / "local")
    assert str(raised.value) == (
        'The step "building Pulumi\'s Python language host v3.79.0" failed with status 1:\n'
        "go: downloading example.com/a v1.0.0\ninternal/b\nno network"
    )
    assert raised.value.hint == HINT
    assert [path.name for path in (tmp_path / "local").iterdir()] == ["engine.lock"]


@pytest.mark.usefixtures("go")
def test_missing_script_of_the_host(tmp_path: Path, program: Program) -> None:
    """A Go that cannot find the module with the host's script is an error that names the module."""
    program("go", GO.format(module="; echo not there >&2; exit 1", then=""))
    with pytest.raises(LocalCloudflareError) as raised:
        build_engine(lambda _line: None, local=tmp_path / "local")
    assert str(raised.value) == "The Go module 'github.com/pulumi/pulumi/sdk/v3' cannot be found: not there."
    assert raised.value.hint == HINT


def test_killed_build_leaves_no_engine_and_the_next_one_works(
    go: Callable[[str], None], tmp_path: Path
) -> None:
    """After SIGKILL in the middle, there is no engine but a leftover, which the next build removes."""
    go(f"touch {tmp_path / 'building'}; sleep 300")
    local = tmp_path / "local"
    with build_elsewhere(local) as process:
        while not (tmp_path / "building").exists():
            time.sleep(0.02)
        compilers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    for compiler in compilers:
        compiler.kill()
    assert len(list(local.glob("unfinished-engine-*"))) == 1
    assert not (local / "engine").exists()
    go("")
    build_engine(lambda _line: None, local=local)
    assert sorted(path.name for path in local.iterdir()) == ["engine", "engine.lock"]


def test_builds_take_turns(go: Callable[[str], None], tmp_path: Path) -> None:
    """While one process builds, another says so, waits, and takes the result."""
    go(f"touch {tmp_path / 'building'}; sleep 0.5")
    with build_elsewhere(tmp_path) as process:
        while not (tmp_path / "building").exists():
            time.sleep(0.02)
        lines: list[str] = []
        build_engine(lines.append, local=tmp_path)
        assert process.wait(30) == 0
    assert lines == ["another process is building the Pulumi engine; waiting for it"]


def test_go_sees_no_ambient_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags and targets of the shell do not change the build; proxy settings stay."""
    for name in ("GOFLAGS", "GOOS", "GOARCH", "GOROOT", "GO111MODULE"):
        monkeypatch.setenv(name, "ambient")
    monkeypatch.setenv("GOPROXY", "off")
    environment = go_environment()
    assert {name: value for name, value in environment.items() if name.startswith("GO")} == {
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOPROXY": "off",
    }


@pytest.mark.parametrize(
    ("module", "pin"),
    [
        ("cli", f"github.com/pulumi/pulumi/pkg/v3 {CLI_VERSION}"),
        ("cli", f"github.com/pulumi/pulumi/sdk/v3 {CLI_VERSION}"),
        ("language-host", f"github.com/pulumi/pulumi/sdk/v3 {LANGUAGE_HOST_VERSION}"),
    ],
)
def test_pins_agree_with_the_versions(module: str, pin: str) -> None:
    """The go.mod files pin the versions that the code names."""
    lines = (MODULES / module / "go.mod").read_text().splitlines()
    assert [line for line in lines if line.split("//")[0].strip() == pin] != []


@pytest.mark.engine
def test_real_engine_answers() -> None:
    """The engine of this machine has a CLI that tells a version that is accepted, and its language host."""
    found = engine()
    answer = subprocess.run([found.pulumi, "version"], capture_output=True, text=True, check=True)
    assert answer.stdout == f"{CLI_VERSION}\n" or not found.own_language_host
    assert any((folder / "pulumi-language-python-exec").is_file() for folder in found.folders)
