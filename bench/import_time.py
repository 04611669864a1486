"""What ``import layout`` costs above pydantic with one model, and what it brings along.

    python bench/import_time.py

Every figure is of fresh interpreters, the two cases in turns. The aim is less than 50 ms above
pydantic; exit status 1 says that it was missed by the median and by the best run (a busy machine
only ever adds time), or that something heavy came along.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

RUNS = 15
MOST_MILLISECONDS = 50.0
HEAVY = ("boto3", "botocore", "obstore", "pulumi", "fastapi", "rich", "pydantic_settings", "hypothesis")

_PYDANTIC = "import pydantic\nclass M(pydantic.BaseModel):\n    a: int\nM(a=1)"
_CASES = {
    "pydantic with one model": _PYDANTIC,
    "the same, then import layout": f"{_PYDANTIC}\nimport layout",
}
_TIMED = """
import time
start = time.perf_counter()
{code}
milliseconds = (time.perf_counter() - start) * 1000
import json, sys
print(json.dumps([milliseconds, sorted(name for name in {heavy!r} if name in sys.modules)]))
"""


def run(code: str) -> tuple[float, list[str]]:
    """Milliseconds that this code takes in a fresh interpreter, and the heavy modules it imported."""
    script = _TIMED.format(code=code, heavy=HEAVY)
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).resolve().parents[1],
        check=True,
        capture_output=True,
        text=True,
    )
    milliseconds, heavy = json.loads(result.stdout)
    return milliseconds, heavy


def main() -> int:
    """Print the figures; 1 if the aim was missed."""
    times: dict[str, list[float]] = {name: [] for name in _CASES}
    heavy: set[str] = set()
    # In turns, so that a busy moment hits both.
    for _ in range(RUNS):
        for name, code in _CASES.items():
            milliseconds, found = run(code)
            times[name].append(milliseconds)
            heavy.update(found)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(f"{name:34}{median:8.1f} ms   (best {min(times[name]):.1f})")
    first, second = medians.values()
    best_first, best_second = map(min, times.values())
    above, best_above = second - first, best_second - best_first
    aim = f"aim: less than {MOST_MILLISECONDS:.0f}"
    print(f"{'layout alone':34}{above:8.1f} ms   (best {best_above:.1f}; {aim})")
    print(f"heavy modules imported: {', '.join(sorted(heavy)) or 'none'}")
    return int(min(above, best_above) >= MOST_MILLISECONDS or bool(heavy))


if __name__ == "__main__":
    sys.exit(main())
