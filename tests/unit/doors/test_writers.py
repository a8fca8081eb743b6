"""Which generators of a chain may write answers from articles, whichever chain is in use."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from bot.doors.writers import SMALL_MODEL_BYTES, WritersDoor
from models.engines.remote.server import Server
from models.registry import ModelOptions, Registry

Writing = Literal["auto", "always", "never"]


def registry(generator: str) -> Registry:
    servers = {"big": Server("big", ("http://127.0.0.1:9/v1",), "some-model")}
    return Registry(ModelOptions(Path("none"), overrides={"generate": generator}, servers=servers))


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
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
        ("{small}", "auto", False, True),
        ("{large}", "auto", True, False),
        ("server:big", "auto", True, False),
        ("server:big, {small}", "auto", True, True),
        ("{large}, server:big", "auto", True, False),
        ("{small}, server:big", "auto", False, True),
        ("server:big, {small}", "always", True, False),
        ("{large}, {small}", "never", False, False),
    ],
)
def test_it_goes_by_the_one_that_answers(
    chain: str, writing: Writing, writes: bool, small: bool, files: dict[str, str]
) -> None:
    door = WritersDoor(registry(chain.format(**files)), writing, Path("none"))
    assert door.writes is writes
    assert door.too_small("small") is small
    assert not door.too_small("large")
    assert not door.too_small("server:big/some-model")


async def test_it_follows_a_swap_and_knows_the_one_before_which_finishes_its_text(files: dict[str, str]) -> None:
    made = registry("server:big, {small}".format(**files))
    door = WritersDoor(made, "auto", Path("none"))
    assert door.writes
    await made.swap("generate", "server:big")
    assert (door.writes, door.too_small("small")) == (True, True)
    await made.close()
