"""Which generators of a chain may write answers from articles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.doors.models import SMALL_MODEL_BYTES, too_small, writes_answers
from bot.settings import Settings

SERVER = {"big": {"base_url": "http://127.0.0.1:9/v1", "model": "some-model"}}


def settings(generator: str, writing: str = "auto") -> Settings:
    models: Any = {"generator": generator, "servers": SERVER}
    return Settings(models=models, dialogue={"writing": writing})  # type: ignore[arg-type]


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, str]:
    """Two models by the size of their weights; those of the large one are a hole in the disk."""
    made = {}
    for name, size in (("small", 1000), ("large", SMALL_MODEL_BYTES)):
        path = tmp_path / f"{name}.gguf"
        with path.open("wb") as file:
            file.truncate(size)
        made[name] = str(path)
    return made


@pytest.mark.parametrize(
    ("chain", "writing", "writes", "small"),
    [
        ("{small}", "auto", False, ["{small}"]),
        ("{large}", "auto", True, []),
        ("server:big", "auto", True, []),
        ("server:big, {small}", "auto", True, ["{small}"]),
        ("{large}, server:big", "auto", True, []),
        ("{small}, server:big", "auto", False, ["{small}"]),
        ("server:big, {small}", "always", True, []),
        ("{large}, {small}", "never", False, []),
    ],
)
def test_it_goes_by_the_one_that_answers(
    chain: str, writing: str, writes: bool, small: list[str], folders: dict[str, str]
) -> None:
    chosen = settings(chain.format(**folders), writing)
    assert writes_answers(chosen) is writes
    assert len(too_small(chosen)) == len(small)
    assert all(Path(name).stem == "small" for name in too_small(chosen))
