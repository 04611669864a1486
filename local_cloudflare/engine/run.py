"""Running the Pulumi CLI once, with everything that it started gone when it is over."""

import contextlib
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from local_cloudflare.engine.steps import duration_text
from local_cloudflare.errors import LocalCloudflareError
from local_cloudflare.session import end_processes, family

CANCEL_TIME: Final = 10.0
"""Seconds that the CLI has after SIGINT to write its state and stop its plugins."""


def run_to_end(
    command: Sequence[str], what: str, *, folder: Path, environment: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run a command without stdin and give its output; a timeout or an interrupt ends all that it started.

    Its plugins make process groups of their own, so they are found as descendants.

    Raises:
        LocalCloudflareError: it did not end within ``timeout`` seconds; ``what`` names it in the message.
    """
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            _cancel(process)
            raise LocalCloudflareError(
                f"The command {what} did not end within {duration_text(timeout)}.",
                hint="It was cancelled; look at its resources before running it again.",
            ) from None
        except BaseException:
            _cancel(process)
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def _cancel(process: subprocess.Popen[str]) -> None:
    """Let the CLI stop its plugins itself; what is left of them afterwards is killed."""
    started = family(process.pid)
    started()  # once while it lives, so that its plugins are known when it has gone

    def drain() -> None:
        # A full pipe must not keep it from ending. Descendants may hold the pipe open longer.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=0.05)

    end_processes(
        lambda: [found for found in started() if found.pid == process.pid],
        drain,
        patience=CANCEL_TIME,
        first=signal.SIGINT,
    )
    end_processes(started, drain, patience=0)
