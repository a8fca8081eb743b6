"""Beginnings that are kept: the longest known one is found, and memory is bounded."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from models.engines.prefix import PrefixStore

TOKENS = st.lists(st.integers(0, 1), min_size=0, max_size=300)
BLOCK_BYTES = 32 * 4


def blocks(ids: list[int], bounds: list[int]) -> list[tuple[object, ...]]:
    """Blocks that hold their own tokens, so that what is found can be checked."""
    import torch

    return [(torch.tensor(ids[a:b], dtype=torch.float32)[None, :, None],) for a, b in pairwise(bounds)]


def keep(store: PrefixStore, ids: list[int], from_prompt: int) -> None:
    keys, bounds = store.missing(ids, from_prompt)
    store.add(keys, blocks(ids, bounds))  # type: ignore[arg-type]


def flat(found: list[object]) -> list[int]:
    return [int(value) for block in found for value in block[0].flatten()]  # type: ignore[index]


@given(st.lists(st.tuples(TOKENS, st.integers(0, 300)), max_size=6), TOKENS, st.booleans())
def test_what_is_found_is_a_beginning_that_was_kept(
    kept: list[tuple[list[int], int]], asked: list[int], exact: bool
) -> None:
    from models.engines.prefix import BLOCK, PrefixStore

    store = PrefixStore(10**9)
    for ids, from_prompt in kept:
        keep(store, ids, from_prompt)
    found = store.find(asked, exact=exact)
    assert flat(found.blocks) == asked[: found.tokens]  # type: ignore[arg-type]
    assert found.tokens <= max(len(asked) - 16, 0)
    assert found.from_prompts <= found.tokens
    assert not exact or found.from_prompts == found.tokens
    longest = 0
    for ids, from_prompt in kept:
        usable = min(len(ids), from_prompt if exact else len(ids), max(len(asked) - 16, 0)) // BLOCK
        same = 0
        while same < usable and ids[: (same + 1) * BLOCK] == asked[: (same + 1) * BLOCK]:
            same += 1
        longest = max(longest, same * BLOCK)
    if exact:
        assert found.tokens == longest


@given(st.lists(TOKENS, max_size=12), st.integers(0, 8))
def test_memory_is_bounded_and_no_end_is_kept_without_its_beginning(kept: list[list[int]], room: int) -> None:
    from models.engines.prefix import PrefixStore

    store = PrefixStore(room * BLOCK_BYTES)
    for ids in kept:
        keep(store, ids, len(ids))
        assert store.bytes <= room * BLOCK_BYTES
        keys, _ = store.missing(ids, len(ids))
        found = store.find([*ids, *[0] * 16], exact=True)
        assert found.tokens == (len(ids) // 32 - len(keys)) * 32
    reachable = {id(block) for ids in kept for block in store.find([*ids, *[0] * 16], exact=False).blocks}
    assert len(reachable) * BLOCK_BYTES == store.bytes


def test_the_least_recently_used_goes_first() -> None:
    from models.engines.prefix import PrefixStore

    store = PrefixStore(4 * BLOCK_BYTES)
    first, second, third = ([number] * 64 for number in range(3))
    keep(store, first, 64)
    keep(store, second, 64)
    store.find([*first, *first], exact=True)
    keep(store, third, 64)
    assert store.find([*first, *first], exact=True).tokens == 64
    assert store.find([*second, *second], exact=True).tokens == 0
