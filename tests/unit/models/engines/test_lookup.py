"""Guesses change how fast a text is written, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.engines.lookup import MATCHED, Lookup
from tests.unit.models.engines.test_llama import Compact, with_blocks

PROMPT = "the quick brown fox jumps over the lazy dog " * 4


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(1, 5), st.data())
def test_what_is_guessed_has_followed_the_last_tokens_before(ids: list[int], most: int, data: st.DataObject) -> None:
    lookup, end = Lookup(), 0
    while end < len(ids):  # a text grows by one token, or by several
        end = min(end + data.draw(st.integers(1, 4)), len(ids))
        here = ids[:end]
        guess = lookup.guess(here, most)
        before = [at for at in range(MATCHED, end) if here[at - MATCHED : at] == here[end - MATCHED :]]
        assert guess == (here[before[-1] : before[-1] + most] if before else [])


class Counting:
    """How many steps there were with guesses, and how many guesses came true."""

    def __init__(self, own: Compact) -> None:
        self.steps = self.guessed = self.right = 0
        decode_row = own.decoder.decode_row  # type: ignore[attr-defined]

        def counted(row: int, tokens: list[int], length: int) -> Any:
            logits = decode_row(row, tokens, length)
            self.steps += 1
            self.guessed += len(tokens) - 1
            for token, likeliest in zip(tokens[1:], logits.argmax(-1).tolist(), strict=False):
                if token != likeliest:
                    break
                self.right += 1
            return logits

        own.decoder.decode_row = counted  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["int4", "bfloat16"])
def test_the_text_is_the_same_with_guesses_and_without(tmp_path: Path, kind: str) -> None:
    folder = with_blocks(tmp_path / "tiny")
    plain, own = Compact(folder, kind), Compact(folder, kind)
    plain.decoder._forward.guesses = 0  # type: ignore[attr-defined]
    counting = Counting(own)
    for length in (40, 120):
        text = plain.written(PROMPT, new=length)
        assert own.written(PROMPT, new=length) == text
        assert own.written([*own.loaded.tokenizer.encode(PROMPT), *text], new=length) == plain.written(
            [*own.loaded.tokenizer.encode(PROMPT), *text], new=length
        )
    assert 0 < counting.right < counting.guessed  # some came true, some did not


@pytest.mark.parametrize("kind", ["int4", "bfloat16"])
def test_guessed_tokens_have_the_very_numbers_that_they_have_one_by_one(tmp_path: Path, kind: str) -> None:
    import torch

    own = Compact(with_blocks(tmp_path / "tiny"), kind)
    decoder: Any = own.decoder
    ids = own.loaded.tokenizer.encode(PROMPT)[:20]
    decoder.reserve(1, 64)
    one_by_one = torch.cat([decoder.decode([token], [at]) for at, token in enumerate(ids)])
    for start in range(0, len(ids), decoder.guesses + 1):
        tokens = ids[start : start + decoder.guesses + 1]
        together = decoder.decode_row(0, tokens, start)
        assert torch.equal(together, one_by_one[start : start + len(tokens)])


def test_a_guessed_text_ends_where_it_is_to_end(tmp_path: Path) -> None:
    folder = with_blocks(tmp_path / "tiny")
    for new in range(1, 12):
        own = Compact(folder, "int4")
        sequence, listener = own.ask(PROMPT, new=new)
        own.drive()
        assert len(sequence.ids) - sequence.prompt_tokens == listener.finished.completion_tokens <= new


def test_drawn_texts_and_texts_in_company_are_not_guessed(tmp_path: Path) -> None:
    own = Compact(with_blocks(tmp_path / "tiny"), "int4")
    counting = Counting(own)
    own.written(PROMPT, new=20, temperature=0.8, seed=1)
    own.written(PROMPT, new=20, repetition_penalty=1.2)
    assert counting.steps == 0
    both = [own.ask(PROMPT, new=20)[0] for _ in range(2)]
    own.drive()
    first, second = (each.ids[each.prompt_tokens :] for each in both)
    assert first == second
