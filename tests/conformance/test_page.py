"""The page of a run or of what the suite declares."""

import os
import re
import subprocess
import sys
from pathlib import Path

from local_cloudflare.cloudflare import LocalCloudflare
from local_cloudflare.r2.faults import FaultAction, FaultRule
from tests.conformance.page import Outcomes, render

SUITE = Path(__file__).resolve().parent


def test_cases_that_differ_have_rows_of_their_own() -> None:
    """The cases of a statement share a row unless a store holds only some of them."""
    outcomes = Outcomes()
    outcomes.add("test_x::test_a[1]", "It holds.", "one", None)
    outcomes.add("test_x::test_a[2]", "It holds.", "one", "because")
    outcomes.add("test_x::test_b[1]", "So does this.", "one", None)
    outcomes.add("test_x::test_b[2]", "So does this.", "one", None)
    rows = [line for line in render(outcomes).splitlines() if line.startswith(("| It", "| So"))]
    assert rows == ["| It holds. (1) | yes |", "| It holds. (2) | no (1) |", "| So does this. | yes |"]


def test_open_questions_have_a_table_with_their_sources() -> None:
    """The cases of one share a row; a page without any has no such table."""
    outcomes = Outcomes()
    outcomes.add("test_x::test_a", "It holds.", "one", None)
    assert "To be seen" not in render(outcomes)
    for case in ("1", "2"):
        outcomes.add(f"test_x::test_b[{case}]", "Who knows.", "one", None, "a report says so")
    page = render(outcomes)
    assert "## To be seen on R2\n" in page
    assert page.count("| Who knows. | a report says so |") == 1


def asked(cloudflare: LocalCloudflare, bucket: str, tmp_path: Path, *options: str) -> tuple[int, str]:
    """Status and page of `conformance --live`, with a bucket of the local Cloudflare as the live one."""
    keys = cloudflare.s3_keys("Workers R2 Storage Bucket Item Write", bucket=bucket)
    settings = {
        "R2_ENDPOINT": cloudflare.s3_endpoint,
        "R2_BUCKET": bucket,
        "CLOUDFLARE_ACCOUNT_ID": cloudflare.account_id,
        "R2_ACCESS_KEY_ID": keys.access_key_id,
        "R2_SECRET_ACCESS_KEY": keys.secret_access_key,
    }
    command = [sys.executable, str(SUITE.parents[1] / "scripts" / "conformance.py"), "--live", *options]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **settings}
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=240
    )
    return done.returncode, done.stdout


def test_what_a_live_store_does_is_reported_and_no_failure(tmp_path: Path) -> None:
    """Here a store that fails every abort after the first."""
    with LocalCloudflare(tmp_path / "cloudflare", buckets=["live"]) as cloudflare:
        cloudflare.s3.faults.add(
            FaultRule(FaultAction.ERROR_BEFORE, "AbortMultipartUpload", first=2, times=None)
        )
        status, page = asked(cloudflare, "live", tmp_path, "--to-be-seen")
    assert status == 0
    abort = re.search(r"\| A second abort of an upload is 404 NoSuchUpload\. \| no \((\d+)\) \|", page)
    assert abort is not None
    assert "| HEAD with a range is 206, as GET is. | yes |" in page
    assert "(500, 'InternalError')" in page.partition(f"\n{abort[1]}. seen: ")[2].partition("\n")[0]
    assert "The ETag of a single PUT is the MD5 of the bytes." not in page
