"""Fixtures of the engine tests: the engine, houses to work in, copies of the program to change."""

from __future__ import annotations

import contextlib
import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local_cloudflare.cloudflare import LocalCloudflare
from local_cloudflare.engine import Engine, engine
from local_cloudflare.workspace import Workspace
from tests.infra.engine.house import House

ROOT = Path(__file__).resolve().parents[3]


class _Requests(logging.Handler):
    """Collects `GET /client/v4/accounts/... HTTP/1.1` of one account from the control API's log."""

    def __init__(self, account_id: str, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._account_id = account_id
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """One request a record; its first argument is the request line."""
        if isinstance(record.args, tuple) and self._account_id in str(record.args[:1]):
            self._lines.append(str(record.args[0]))


@pytest.fixture(scope="session")
def pulumi_engine() -> Engine:
    """The engine that is found on this machine, or built once."""
    return engine()


@pytest.fixture(scope="module")
def open_house(
    pulumi_engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., House]]:
    """Open a house: `open_house()`, or with another copy of the program `open_house(program=folder)`."""
    log = logging.getLogger("local_cloudflare.control.http")
    level = log.level
    log.setLevel(logging.DEBUG)
    with contextlib.ExitStack() as opened:

        def open_one(program: Path = ROOT) -> House:
            folder = tmp_path_factory.mktemp("house")
            cloudflare = opened.enter_context(LocalCloudflare(folder / "cloudflare"))
            workspace = Workspace(
                folder / "workspace",
                engine=pulumi_engine,
                account_id=cloudflare.account_id,
                api_url=cloudflare.api_url,
                api_token=cloudflare.api_token,
                s3_endpoint=cloudflare.s3_endpoint,
                program=program,
            )
            house = House(cloudflare, workspace)
            handler = _Requests(cloudflare.account_id, house.requests)
            log.addHandler(handler)
            opened.callback(log.removeHandler, handler)
            return house

        yield open_one
    log.setLevel(level)


@pytest.fixture
def program_copy(tmp_path: Path) -> Path:
    """The program and the layout in a folder of their own, to be changed by a test.

    The virtual environment is named by its path, which the project file gives relative to its folder.
    """
    folder = tmp_path / "program"
    folder.mkdir()
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.staging.yaml", "Pulumi.prod.yaml"):
        shutil.copy(ROOT / name, folder / name)
    project = folder / "Pulumi.yaml"
    text = project.read_text(encoding="utf-8")
    assert text.count("virtualenv: .venv\n") == 1
    project.write_text(text.replace("virtualenv: .venv\n", f"virtualenv: {sys.prefix}\n"), encoding="utf-8")
    ignored = shutil.ignore_patterns("__pycache__", "local")
    for name in ("infra", "layout"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    return folder
