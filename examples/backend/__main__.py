"""Start the application: `python -m examples.backend`, with the settings of the environment or of `.env`.

`SESSION_SECRET` signs sessions; without it they end with the process. `USER_DATA_BASE` is the folder of the databases.
"""

import argparse
import os
import secrets
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from examples.backend.application import make_app
from layout.console import Call, Result, run
from layout.storage.settings import load_settings
from layout.sync.database_sync import Durability


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until interrupted. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m examples.backend", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=8000, help="on 127.0.0.1; 0 is a free one (default: 8000)"
    )
    parser.add_argument("--base", type=Path, default=None, metavar="FOLDER", help="of the databases")
    parser.add_argument(
        "--durability", choices=[each.value for each in Durability], default=Durability.WAIT.value,
        help="when a change is answered (default: wait, once it is in the bucket)",
    )  # fmt: skip

    def understand() -> Call:
        arguments = parser.parse_args(argv)

        def serve() -> Result:
            secret = os.environ.get("SESSION_SECRET", "").encode() or secrets.token_bytes(32)
            app = make_app(
                load_settings(),
                secret=secret,
                base=arguments.base,
                durability=Durability(arguments.durability),
            )
            # TCP by name: of a socket that does not say so asyncio takes no small answers as they come (TCP_NODELAY),
            # and each would wait 40 ms.
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listening.bind(("127.0.0.1", arguments.port))
                listening.listen()
                # Whoever reads the address can connect: the socket listens already.
                print(f"http://127.0.0.1:{listening.getsockname()[1]}/", flush=True)
                uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])
            return Result(0, [])

        return Call(serve, interrupted="The application is stopped.")

    return run(understand)


if __name__ == "__main__":
    sys.exit(main())
