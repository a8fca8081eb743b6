"""Guessing the next tokens of a text from what stands before: answers from passages repeat much of them.

Prompt lookup decoding (A. Saxena, 2023; in transformers as `prompt_lookup_num_tokens`): where the last tokens stood
before, those that followed them are proposed; the model computes them in one step and keeps what it would have chosen
itself (the greedy case of Leviathan et al., arXiv 2211.17192). The text stays the same.
"""

from __future__ import annotations

from collections.abc import Sequence

MATCHED = 3  # tokens; fewer are found more often, and continued otherwise


class Lookup:
    """Where each few tokens of one growing text stood last.

    >>> Lookup().guess([7, 1, 2, 3, 4, 5, 1, 2, 3], most=2)
    [4, 5]
    """

    def __init__(self) -> None:
        self._after: dict[tuple[int, ...], int] = {}  # where the tokens begin that followed
        self._known = MATCHED

    def guess(self, ids: Sequence[int], most: int) -> list[int]:
        """At most `most` tokens that may come after `ids`, which begin as those of the call before."""
        for end in range(self._known, len(ids)):
            self._after[tuple(ids[end - MATCHED : end])] = end
        self._known = max(self._known, len(ids))
        at = self._after.get(tuple(ids[-MATCHED:]))
        return [] if at is None else list(ids[at : at + most])
