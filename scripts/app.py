"""Run the example application on this machine, with a local Cloudflare behind it, until Ctrl-C: `make app`.

What is stored stays in `.local/app` until that folder is removed. Exit status: 0 stopped, 1 error, 2 usage.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

if __package__ in {None, ""}:
    # Called by its path from a checkout, which is not installed.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from demo.running_application import RunningApplication
from layout.console import Call, Result, run
from local_cloudflare.cloudflare import LocalCloudflare
from local_cloudflare.engine.places import REPOSITORY

BUCKET = "video-notes"


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until interrupted, and return the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/app.py", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="of the application (default: a free one)")
    parser.add_argument(
        "--folder", type=Path, default=REPOSITORY / ".local" / "app", metavar="FOLDER",
        help="where everything is kept (default: .local/app here)",
    )  # fmt: skip

    def understand() -> Call:
        arguments = parser.parse_args(argv)
        return Call(
            lambda: _serve(arguments.folder, arguments.port), interrupted="The application is stopped."
        )

    return run(understand)


def _serve(folder: Path, port: int) -> Result:
    folder.mkdir(parents=True, exist_ok=True)
    with LocalCloudflare(folder / "cloudflare", buckets=[BUCKET]) as cloudflare:
        keys = cloudflare.s3_keys("Workers R2 Storage Bucket Item Write", bucket=BUCKET)
        variables = {
            "APP_ENV": "dev",
            "CLOUDFLARE_ACCOUNT_ID": cloudflare.account_id,
            "R2_ENDPOINT": cloudflare.s3_endpoint,
            "R2_BUCKET": BUCKET,
            "R2_ACCESS_KEY_ID": keys.access_key_id,
            "R2_SECRET_ACCESS_KEY": keys.secret_access_key,
        }
        with RunningApplication(variables, folder / "user_data", port=port) as application:
            # The page sends files to the bucket itself, so the bucket has to know where the page is from.
            allowed = {
                "origins": [application.url.rstrip("/")],
                "methods": ["PUT"],
                "headers": ["content-type", "if-none-match"],
            }
            cloudflare.store.set_cors(BUCKET, rules=[{"allowed": allowed}])
            print(
                f"The application is at {application.url} (any user id signs in; Ctrl-C ends it)", flush=True
            )
            print(f"This is not Cloudflare: the bucket is at {cloudflare.s3_endpoint}", flush=True)
            application.wait()
    return Result(0, [])


if __name__ == "__main__":
    sys.exit(main())
