"""Asking a running local Cloudflare for what no real one has: its clock, its request logs, its faults."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from local_cloudflare.cloudflare import read_endpoints
from local_cloudflare.errors import LocalCloudflareError

__all__ = ["Admin"]

_SECONDS = 120.0
"""A step of the clock applies the lifecycle rules to every object before it is answered."""

# A proxy of the environment must not see requests to this machine.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Admin:
    """The admin endpoint of the local Cloudflare that runs in a folder.

    Raises:
        LocalCloudflareError: None runs there.
    """

    def __init__(self, folder: Path) -> None:
        endpoints = read_endpoints(folder)
        self._url = str(endpoints["admin_url"])
        self._secret = str(endpoints["admin_secret"])

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """One request; returns the result.

        Raises:
            LocalCloudflareError: It was refused, or nobody answers.
        """
        request = urllib.request.Request(  # noqa: S310 - the address is our own endpoints file's
            self._url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"authorization": f"Bearer {self._secret}", "content-type": "application/json"},
        )
        try:
            with _OPENER.open(request, timeout=_SECONDS) as answer:
                return json.load(answer)["result"]
        except urllib.error.HTTPError as error:
            with error:
                message = json.load(error)["errors"][0]["message"]
            raise LocalCloudflareError(f"The local Cloudflare refused {method} {path}: {message}.") from None
        except OSError as error:
            raise LocalCloudflareError(
                f"The local Cloudflare at {self._url} does not answer: {error}."
            ) from None
