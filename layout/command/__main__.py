"""`python -m layout.command`: the command line without an entry point on PATH."""

import sys

from layout import program
from layout.command.main import main

if __name__ == "__main__":
    sys.exit(main(spelling=program.MODULE))
