"""Drawing tokens: by share, within the nucleus, the same for the same seed and place."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.engines.paged.marks import Marks
from models.engines.paged.sampling import RequestSampling, draw, sample

LOGITS = torch.tensor([[2.0, 1.0, 0.0, -1.0, -5.0]])


def drawn(temperature: float, top_p: float, rows: int = 20_000) -> torch.Tensor:
    """How often each token was drawn, as shares."""
    draws = torch.tensor([draw(7, position) for position in range(rows)])
    tokens = sample(LOGITS.expand(rows, -1), torch.full((rows,), temperature), torch.full((rows,), top_p), draws)
    return torch.bincount(tokens, minlength=5) / rows


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_tokens_are_drawn_by_their_shares(temperature: float) -> None:
    assert drawn(temperature, 1.0).tolist() == pytest.approx((LOGITS[0] / temperature).softmax(-1).tolist(), abs=0.015)


def test_the_nucleus_is_the_smallest_set_that_reaches_the_share() -> None:
    shares = LOGITS[0].softmax(-1)
    kept = drawn(1.0, 0.8)
    assert (kept > 0).tolist() == [True, True, False, False, False]
    assert kept[:2].tolist() == pytest.approx((shares[:2] / shares[:2].sum()).tolist(), abs=0.015)
    assert drawn(1.0, 0.0, rows=50)[0] == 1


@given(seed=st.integers(0, 2**63 - 1), position=st.integers(0, 2**31))
def test_a_draw_belongs_to_its_seed_and_place(seed: int, position: int) -> None:
    assert 0 <= draw(seed, position) < 1
    assert draw(seed, position) == draw(seed, position)


@given(place=st.floats(0, 1, exclude_max=True, width=32), top_p=st.floats(0, 1))
def test_every_draw_gives_a_token(place: float, top_p: float) -> None:
    token = sample(LOGITS, torch.ones(1), torch.tensor([top_p]), torch.tensor([place]))
    assert 0 <= int(token) < 5


def test_greedy_rows_stay_as_they_are_and_sampled_ones_take_what_was_drawn() -> None:
    sampling = RequestSampling(Marks(4, 5, torch.device("cpu")))
    args = torch.zeros((6, 2), dtype=torch.int32)
    args[:3] = torch.tensor([[0.0, 1.0], [1.0, 1.0], [0.0, 0.95]]).view(torch.int32)
    lifted = sampling(torch.zeros(2, dtype=torch.long), LOGITS.expand(2, -1).clone(), args)
    assert torch.equal(lifted[0], LOGITS[0])
    assert int(lifted[1].argmax()) == 2


def test_unknown_options_are_refused() -> None:
    with pytest.raises(ValueError, match="top_k"):
        RequestSampling(Marks(4, 5, torch.device("cpu"))).check_kwargs({"top_k": 3})
