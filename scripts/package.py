"""Build the wheel and the sdist, look into them, and use each as a stranger would: `make package`.

Each is installed into an empty environment, where `import layout` builds a key and `r2-layout migrate list` asks a
local Cloudflare. What is built is what git tracks, by the build backend that requirements/package.txt pins.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from layout.console import Call, Result, run
from layout.environment import Environment
from layout.errors import LayoutError
from layout.exit_status import ExitStatus
from layout.keys import r2_key
from local_cloudflare.cloudflare import LocalCloudflare

REPOSITORY = Path(__file__).resolve().parent.parent
BUCKET = "package-check"
UV = [sys.executable, "-m", "uv", "--quiet"]


def copy_tracked(folder: Path) -> None:
    """Copy what git tracks: nothing else can get into a package."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, folder / name)


def build(source: Path, output: Path) -> tuple[Path, Path]:
    """Build both, the wheel from the sdist.

    Returns:
        The wheel and the sdist.
    """
    constraint = ["--build-constraint", str(REPOSITORY / "requirements" / "package.txt"), "--require-hashes"]
    _call([*UV, "build", *constraint, "--out-dir", str(output), str(source)])
    (wheel,), (sdist,) = output.glob("*.whl"), output.glob("*.tar.gz")
    return wheel, sdist


def problems(source: Path, wheel: Path, sdist: Path) -> Iterator[str]:
    """Say what a package lacks that the sources have, and what a wheel has that does not belong to it."""
    wanted = {
        str(file.relative_to(source))
        for pattern in ("*.py", "py.typed", "schemas/*.json", "page/page.*")
        for file in (source / "layout").rglob(pattern)
    }
    with zipfile.ZipFile(wheel) as content:
        packed = {name for name in content.namelist() if ".dist-info/" not in name}
    yield from (f"{wheel.name} lacks {name}" for name in sorted(wanted - packed))
    yield from (f"{wheel.name} has {name}, which is not of the package" for name in sorted(packed - wanted))
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    for name in sorted({*wanted, "LICENSE", "README.md", "pyproject.toml"} - inside):
        yield f"{sdist.name} lacks {name}"
    version = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    for package in (wheel, sdist):
        if not package.name.startswith(f"r2_layout-{version}"):
            yield f"{package.name} is not of version {version}"


def use(package: Path, folder: Path, settings: dict[str, str]) -> str:
    """Install a package into an empty environment and use it there.

    Returns:
        What `r2-layout migrate list` answers.

    Raises:
        LayoutError: A command failed, or answered something else.
    """
    _call([*UV, "venv", str(folder / "venv")])
    constraint = ["--constraint", str(REPOSITORY / "requirements" / "development.txt")]
    built_with = ["--build-constraint", str(REPOSITORY / "requirements" / "package.txt")]
    programs = folder / "venv" / "bin"
    _call(
        [
            *UV,
            "pip",
            "install",
            *constraint,
            *built_with,
            "--python",
            str(programs / "python"),
            f"r2-layout[storage] @ {package.as_uri()}",
        ]
    )
    # Isolated, in an empty folder: nothing of the checkout is in reach.
    empty = {"PATH": os.defpath, "HOME": str(folder), **settings}
    code = "import layout; print(layout.r2_key('a', 'database.sqlite', 'a1b2c3d4'))"
    key = _call([str(programs / "python"), "-I", "-c", code], folder, empty).strip()
    wanted = r2_key("a", "database.sqlite", "a1b2c3d4", environment=Environment.DEV)
    if key != wanted:
        raise LayoutError(f"The installed package builds {key!r}, not {str(wanted)!r}.")
    return _call([str(programs / "r2-layout"), "migrate", "list"], folder, empty)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs it from the command line; 1 if something is wrong."""
    parser = argparse.ArgumentParser(prog="scripts/package.py", description=__doc__)
    parser.add_argument(
        "--output", type=Path, default=REPOSITORY / "dist", help="the folder of both packages"
    )

    def understand() -> Call:
        arguments = parser.parse_args(argv)
        return Call(lambda: _package(arguments.output))

    return run(understand)


def _package(output: Path) -> Result:
    shutil.rmtree(output, ignore_errors=True)
    lines = []
    with tempfile.TemporaryDirectory(prefix="package-") as name:
        folder = Path(name)
        copy_tracked(folder / "source")
        wheel, sdist = build(folder / "source", output.resolve())
        if found := list(problems(folder / "source", wheel, sdist)):
            return Result(ExitStatus.ERROR, found)
        with LocalCloudflare(folder / "cloudflare") as cloudflare:
            cloudflare.store.create_bucket(BUCKET)
            keys = cloudflare.s3_keys("Workers R2 Storage Bucket Item Read", bucket=BUCKET)
            settings = {
                "R2_BUCKET": BUCKET,
                "R2_ENDPOINT": cloudflare.s3_endpoint,
                "R2_ACCESS_KEY_ID": keys.access_key_id,
                "R2_SECRET_ACCESS_KEY": keys.secret_access_key,
            }
            for package in (wheel, sdist):
                place = folder / package.name.replace(".", "-")
                place.mkdir()
                answer = use(package, place, settings)
                lines += [f"{package.name}: installed and used; it answers", *answer.splitlines()]
    return Result(ExitStatus.DONE, lines)


def _call(command: list[str], folder: Path | None = None, environment: dict[str, str] | None = None) -> str:
    answer = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    if answer.returncode:
        raise LayoutError(
            f"The command {' '.join(command[:4])} ... ended with status {answer.returncode}:\n{answer.stderr}"
        )
    return answer.stdout


if __name__ == "__main__":
    sys.exit(main())
