"""What the demonstration needs is looked for before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo import run
from demo.screen import Screen
from local_cloudflare.engine import Engine
from local_cloudflare.errors import LocalCloudflareError


@pytest.mark.parametrize(
    ("engine", "said", "hint"),
    [
        (None, "There is no Pulumi engine.", "Build one, in about 4 minutes: make setup"),
        (
            Engine(Path("pulumi"), (), own_language_host=False),
            "There is no server of MongoDB's protocol.",
            "Install one, in about a minute: make demo",
        ),
    ],
)
def test_what_is_missing_is_told_first(
    engine: Engine | None, said: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what to do; the folder is not made."""
    monkeypatch.setattr(run, "find_engine", lambda _: engine)
    monkeypatch.setattr(run, "missing", lambda _: "it is missing")
    with pytest.raises(LocalCloudflareError) as caught:
        run.run_demo(Screen(), tmp_path / "demo")
    assert (str(caught.value), caught.value.hint) == (said, hint)
    assert not (tmp_path / "demo").exists()
