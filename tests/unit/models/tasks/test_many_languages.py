"""Models that translate between many languages: which one they write is told to each family in its own way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from models.tasks.seq2seq import Seq2SeqTranslator
from models.tasks.translate import FirstAble
from models.types import NOBODY
from tests.support.tiny_translators import (
    SENTENCES,
    TARGETS,
    build_tiny_m2m100,
    build_tiny_madlad,
    build_tiny_nllb,
)


@pytest.mark.parametrize(
    "build", [build_tiny_m2m100, build_tiny_nllb, build_tiny_madlad], ids=["m2m", "nllb", "madlad"]
)
async def test_the_target_language_is_the_one_that_was_asked_for(tmp_path: Path, build: Callable[[Path], Path]) -> None:
    seq2seq = Seq2SeqTranslator(build(tmp_path / "tiny"), device="cpu")
    assert seq2seq.supports("en", "zh") and seq2seq.supports("en", "de")
    assert not seq2seq.supports("en", "xx") and not seq2seq.supports("en", "en")
    english = [row["en"] for row in SENTENCES]
    for target in TARGETS:
        written = await seq2seq.translate_units(english, "en", target, {}, NOBODY)
        assert written == [row[target] for row in SENTENCES]
    (done,) = await FirstAble([seq2seq]).translate([f"{english[0]} 🙂\n\n{english[1]}"], "en", "de")
    assert done.text == f"{SENTENCES[0]['de']} 🙂\n\n{SENTENCES[1]['de']}"
    await seq2seq.close()
