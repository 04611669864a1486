"""Runs ceph's s3-tests, from a checkout of them, against the local R2.

    S3_TESTS=FOLDER python -m tests.foreign.s3_tests [pytest's arguments]

None of their code is here: FOLDER is a checkout of ceph/s3-tests. `s3_tests.txt` lists the tests that fail on R2
too, each under its reason; any other failure, and a listed one that passes, fails the run.
Exit status: 0 as expected, 1 otherwise, 2 usage.
"""

import configparser
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from local_cloudflare.cloudflare import LocalCloudflare
from local_cloudflare.engine.places import LOCAL, REPOSITORY
from local_cloudflare.r2.store.models import Bucket
from local_cloudflare.r2.store.store import Store
from tests.foreign.expected import ExpectedFailures, read_expected

__all__ = ["EXPECTED", "MODULES", "main", "problem_of", "run"]

EXPECTED = Path(__file__).with_name("s3_tests.txt")
MODULES = ("test_s3.py", "test_headers.py")
REQUIREMENTS = REPOSITORY / "requirements" / "foreign.txt"
LIBRARIES = LOCAL / "foreign"


class EmptyAccount:
    """A pytest plugin: each test begins without buckets.

    It takes the place of the suite's own fixture, which lists versions to remove what was left behind: R2 has none,
    so it would fail each test.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keeps of the suite's fixture what reads the configuration."""
        for item in items:
            names: list[str] = getattr(item, "fixturenames", [])
            if "setup_teardown" in names:
                names.remove("setup_teardown")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Removes what the test before has left."""
        self._empty_all()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self) -> None:
        """Before fixtures of the suite that would remove it in their way."""
        self._empty_all()

    def _empty_all(self) -> None:
        for bucket in self._store.buckets("default"):
            self._empty(bucket)
            self._store.delete_bucket(bucket.name, "default")

    def _empty(self, bucket: Bucket) -> None:
        for found in self._store.all_objects(bucket.id):
            self._store.objects.delete(bucket.id, found.key.decode())
        for upload in self._store.uploads.of_bucket(bucket.id):
            self._store.uploads.abort(upload)


def problem_of(folder: str) -> str | None:
    """What is wrong with the folder of the suite, and what to do; None if it is one."""
    if not folder:
        return "S3_TESTS is not set. Clone ceph/s3-tests and run: S3_TESTS=folder make check-foreign"
    if not (Path(folder) / "s3tests" / "functional" / MODULES[0]).is_file():
        return f"{folder!r} is no checkout of ceph/s3-tests: it has no s3tests/functional/{MODULES[0]}."
    return None


def configuration(cloudflare: LocalCloudflare) -> configparser.RawConfigParser:
    """What the suite wants to know: three users, who on R2 are three tokens of one account."""
    host, _, port = cloudflare.s3_endpoint.removeprefix("http://").partition(":")
    config = configparser.RawConfigParser()
    config["DEFAULT"] = {"host": host, "port": port, "is_secure": "False", "ssl_verify": "False"}
    config["fixtures"] = {"bucket prefix": "s3-tests-{random}-"}
    for user in ("s3 main", "s3 alt", "s3 tenant", "iam", "iam root", "iam alt root"):
        keys = cloudflare.s3_keys("Workers R2 Storage Write")
        config[user] = {
            "access_key": keys.access_key_id,
            "secret_key": keys.secret_access_key,
            "user_id": cloudflare.account_id,
            "display_name": cloudflare.account_id,
            "email": f"{secrets.token_hex(4)}@example.com",
            "tenant": "",
        }
    # Rules of whole days do not act within a test's wait, so there is nothing to wait for.
    config["s3 main"].update({"api_name": "auto", "lc_debug_interval": "0"})
    return config


def main(arguments: list[str]) -> int:
    """Run the suite."""
    folder = os.environ.get("S3_TESTS", "")
    if problem := problem_of(folder):
        print(problem, file=sys.stderr)  # noqa: T201 - a command
        return 2
    _install()
    sys.path.append(str(LIBRARIES))
    return run(Path(folder).resolve(), arguments, EXPECTED)


def run(folder: Path, more: list[str], expected: Path) -> int:
    """Run it on a new local Cloudflare. `more` are arguments of pytest; tests named among them replace the modules."""
    modules = [str(folder / "s3tests" / "functional" / module) for module in MODULES]
    if any(".py" in argument or argument.startswith("@") for argument in more):
        modules = []
    arguments = ["--quiet", "--tb=short", "--no-header", "-rfE", "-p", "no:cacheprovider", "-p", "no:xdist"]
    where = ["--rootdir", str(folder), "-c", str(folder / "pytest.ini"), "--disable-warnings"]
    with tempfile.TemporaryDirectory() as place, LocalCloudflare(Path(place) / "cloudflare") as cloudflare:
        config = Path(place) / "s3tests.conf"
        with config.open("w", encoding="utf-8") as file:
            configuration(cloudflare).write(file)
        os.environ["S3TEST_CONF"] = str(config)
        sys.path.append(str(folder))
        plugins = [ExpectedFailures(read_expected(expected)), EmptyAccount(cloudflare.store)]
        return min(1, int(pytest.main([*arguments, *where, *modules, *more], plugins=plugins)))


def _install() -> None:
    """The suite's libraries, at exact versions; a second call finds them."""
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--require-hashes"]
    where = ["--python", sys.executable, "--target", str(LIBRARIES), "-r", str(REQUIREMENTS)]
    subprocess.run([*command, *where], check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
