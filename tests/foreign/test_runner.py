"""The runner of foreign suites: its list of expected failures is held against each run."""

import subprocess
import sys
from pathlib import Path

import pytest

from local_cloudflare.engine.places import REPOSITORY
from tests.foreign import s3_tests
from tests.foreign.expected import read_expected
from tests.foreign.s3_tests import EXPECTED, problem_of

SUITE = """
import boto3, os, configparser, pytest

def client():
    config = configparser.RawConfigParser()
    config.read(os.environ["S3TEST_CONF"])
    host, port = config["DEFAULT"]["host"], config["DEFAULT"]["port"]
    user = config["s3 main"]
    return boto3.client(
        "s3", endpoint_url=f"http://{host}:{port}", region_name="auto",
        aws_access_key_id=user["access_key"], aws_secret_access_key=user["secret_key"],
    )

@pytest.mark.parametrize("run", [1, 2])
def test_begins_without_buckets(run):
    assert client().list_buckets()["Buckets"] == []
    client().create_bucket(Bucket="left-behind")
    client().put_object(Bucket="left-behind", Key="key", Body=b"")
    client().create_multipart_upload(Bucket="left-behind", Key="upload")

def test_fails():
    assert client().get_bucket_policy(Bucket="x")
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A folder that looks like a checkout, with a suite of two tests."""
    functional = tmp_path / "suite" / "s3tests" / "functional"
    functional.mkdir(parents=True)
    (functional / "test_s3.py").write_text(SUITE, encoding="utf-8")
    (functional / "test_headers.py").write_text("def test_nothing():\n    pass\n", encoding="utf-8")
    (tmp_path / "suite" / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    return tmp_path / "suite"


def run(suite: Path, expected: str, tmp_path: Path, *more: str) -> tuple[int, str]:
    """Exit status and output of a run with that list."""
    listed = tmp_path / "expected.txt"
    listed.write_text(expected, encoding="utf-8")
    program = (
        "import sys; from pathlib import Path; from tests.foreign import s3_tests\n"
        "sys.exit(s3_tests.run(Path(sys.argv[1]), sys.argv[3:], Path(sys.argv[2])))"
    )
    command = [sys.executable, "-c", program, str(suite), str(listed), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_an_expected_failure_is_none(suite: Path, tmp_path: Path) -> None:
    """And each test begins with an empty account, whatever the one before left."""
    status, output = run(suite, "## R2 has no policies\ntest_s3.py::test_fails\n", tmp_path)
    assert (status, "3 passed, 1 xfailed" in output) == (0, True), output


def test_options_choose_among_the_tests_of_the_suite(suite: Path, tmp_path: Path) -> None:
    """And never among those of this project."""
    status, output = run(suite, "", tmp_path, "-k", "nothing")
    assert (status, "1 passed, 3 deselected" in output) == (0, True), output


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        ("", "s3tests/functional/test_s3.py::test_fails"),
        (
            "## reason\ntest_s3.py::test_fails\ntest_headers.py::test_nothing\n",
            "[XPASS(strict)] reason",
        ),
        (
            "## reason\ntest_s3.py::test_fails\ntest_s3.py::test_gone\n",
            ("expected to fail, but not among the tests: test_s3.py::test_gone. Remove them from the list."),
        ),
    ],
)
def test_every_difference_fails_the_run(suite: Path, tmp_path: Path, expected: str, told: str) -> None:
    """A failure without a reason, an expected one that passes, one that is no longer there."""
    status, output = run(suite, expected, tmp_path)
    assert (status, told in output) == (1, True), output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("test_a\n", "list.txt, line 1: 'test_a' has no reason before it"),
        ("## why\ntest_a\n\n## too\ntest_a\n", "list.txt, line 5: 'test_a' is listed twice"),
    ],
)
def test_the_list_is_read_strictly(tmp_path: Path, text: str, message: str) -> None:
    """Each test once, under a reason."""
    listed = tmp_path / "list.txt"
    listed.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="line") as caught:
        read_expected(listed)
    assert str(caught.value) == message


def test_the_list_of_s3_tests_can_be_read() -> None:
    """Every reason says something of R2 or of the suite, and is used."""
    reasons = read_expected(EXPECTED)
    headings = {
        line[3:] for line in EXPECTED.read_text(encoding="utf-8").splitlines() if line.startswith("## ")
    }
    assert headings == set(reasons.values())
    assert all(name.partition("::")[0] in s3_tests.MODULES for name in reasons)


def test_the_folder_must_be_a_checkout(tmp_path: Path) -> None:
    """One clear line, without one and with a wrong one."""
    assert problem_of("") == (
        "S3_TESTS is not set. Clone ceph/s3-tests and run: S3_TESTS=folder make check-foreign"
    )
    assert problem_of(str(tmp_path)) == (
        f"'{tmp_path}' is no checkout of ceph/s3-tests: it has no s3tests/functional/test_s3.py."
    )


def test_the_command_says_so_and_ends(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Status 2, as for any other mistake in a command."""
    assert (s3_tests.main([]), s3_tests.main([""])) == (2, 2)
    assert capsys.readouterr().err == f"{problem_of('')}\n" * 2
