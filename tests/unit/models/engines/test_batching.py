"""The batch: who is let in, who leaves, and what happens when memory runs out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from models.errors import EngineFailed
from models.types import FinishReason
from tests.support.batches import Bench
from tests.support.tiny_models import build_tiny_llama

PROMPTS = ("the quick brown fox", "positive negative", "the lazy dog 你好", "🙂👍🏽")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_llama(tmp_path_factory.mktemp("batching") / "tiny")


class Scarce:
    """A decoder whose memory is enough for so many rows. Fails in the middle of a step, as memory does."""

    def __init__(self, inner: Any, rows: int) -> None:
        self._inner = inner
        self._rows = rows
        self.failures = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def decode(self, tokens: Any, lengths: Any) -> Any:
        logits = self._inner.decode(tokens, lengths)
        if len(tokens) > self._rows:
            self.failures += 1
            raise MemoryError
        return logits


def scarce(folder: Path, rows: int) -> tuple[Bench, Scarce]:
    plain = Bench(folder)
    decoder = Scarce(plain.decoder, rows)
    return Bench(folder, decoder=decoder), decoder  # type: ignore[arg-type]


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_when_memory_runs_out_fewer_are_written_at_once_and_all_get_their_text(folder: Path, rows: int) -> None:
    own, decoder = scarce(folder, rows)
    asked = [own.ask(prompt) for prompt in PROMPTS]
    own.drive()
    assert decoder.failures
    for (sequence, listener), prompt in zip(asked, PROMPTS, strict=True):
        assert listener.error is None
        assert sequence.ids[sequence.prompt_tokens :] == own.generate(prompt)
        assert listener.finished.completion_tokens == len(sequence.ids) - sequence.prompt_tokens


def test_what_is_too_much_alone_fails_alone(folder: Path) -> None:
    own, _ = scarce(folder, 0)
    asked = [own.ask(prompt)[1] for prompt in PROMPTS]
    own.drive()
    assert all(isinstance(listener.error, EngineFailed) for listener in asked)
    assert "ran out of memory" in str(asked[0].error)
    _, judged = own.judge("the quick", ["brown", "red"])
    own.drive()
    assert len(judged.events[0]) == 2  # and the batch goes on


def test_an_error_that_is_no_want_of_memory_is_not_swallowed(folder: Path) -> None:
    own = Bench(folder)
    own.ask("x", new=5)
    own.decoder.decode = None  # type: ignore[method-assign, assignment]
    with pytest.raises(TypeError):
        own.drive()


def test_whoever_gives_up_leaves_at_the_next_step(folder: Path) -> None:
    own = Bench(folder)
    gone, listener = own.ask("the quick brown fox", new=100)
    stays, _ = own.ask("positive", new=30)
    own.drive(steps=4)
    before = len(gone.ids)
    listener.cancelled.set()
    left = own.batch.advance()
    assert left == [gone]
    assert len(gone.ids) == before
    assert len(own.batch) == 1
    own.drive()
    assert stays.ids[stays.prompt_tokens :] == own.generate("positive", 30)


def test_a_deadline_ends_a_text_with_what_there_is(folder: Path) -> None:
    own = Bench(folder)
    sequence, listener = own.ask("the quick brown fox", new=100)
    own.drive(steps=3)
    sequence.deadline = time.monotonic() - 1
    own.drive()
    assert listener.finished.reason is FinishReason.DEADLINE
    assert listener.finished.completion_tokens >= 3


def test_a_long_prompt_lets_the_others_go_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from models.engines import batching

    monkeypatch.setattr(batching, "_PROMPT_SECONDS", 0.0)  # a slow machine: one piece takes longer than that
    own = Bench(folder)
    writing, _ = own.ask("positive", new=40)
    own.drive(steps=2)
    long, _ = own.ask(list(range(2, 252)) * 1, new=2)
    own.batch.advance()
    written = len(writing.ids)
    assert 0 < long.computed < long.prompt_tokens
    own.batch.advance()
    assert len(writing.ids) > written


def test_memory_bounds_how_many_fit(folder: Path) -> None:
    from models.engines.batching import Batch

    own = Bench(folder)
    own.written("x")  # now it is known what a token takes
    each = own.decoder.bytes_per_token * 256
    batch = Batch(own.decoder, own.loaded.eos, rows=8, memory=4 * each)
    assert batch.fits(10**6)  # alone, whatever its size
    for _ in range(3):
        assert batch.fits(200)
        own.batch = batch
        own.ask("x", new=200)
    assert not batch.fits(200)  # three, and the slot in which prompts are computed, take it all


def test_the_rows_give_memory_back_for_others_of_another_shape(folder: Path) -> None:
    from models.engines.decoding import SlotDecoder

    own = Bench(folder, rows=8)
    for _ in range(8):
        own.ask("x", new=4)
    own.drive()
    own.written("x", new=240)
    assert isinstance(own.decoder, SlotDecoder)
    slots = own.decoder._slots
    assert slots.rows * slots.capacity <= 5 * 256  # not nine rows of 256


def test_what_was_computed_is_recorded(folder: Path) -> None:
    from models.engines.batching import Batch

    records: list[tuple[int, int, float]] = []
    own = Bench(folder)
    own.batch = Batch(
        own.decoder, own.loaded.eos, rows=4, memory=1 << 26, record=lambda *values: records.append(values)
    )
    sequence, _ = own.ask("the quick brown fox", new=5)
    own.drive()
    assert sum(prompt for prompt, _, _ in records) == sequence.prompt_tokens
    assert sum(written for _, written, _ in records) == sequence.written - 1  # the first comes with the prompt
    assert all(seconds > 0 for _, _, seconds in records)
