"""From tokens to the likelihoods of the next ones: several sequences on one model, each in its row of the slots.

`SlotDecoder` asks a `Forward` for the numbers: transformers' own pass (forward.py), or the compact one (llama.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from models.engines.prefix import PrefixStore
from models.engines.slots import FIRST, OPENED, PIECE, Slots, Step, grains


class Forward(Protocol):
    """A model's pass over new tokens. `ids` has the shape (rows, new); gives logits of the last `keep` of them.

    With at least `fewest_rows` and at most `most_rows` a step, each row's numbers do not depend on how many there are;
    nor do those of up to `guesses` more tokens of one row.
    """

    device: torch.device
    dtype: torch.dtype
    fewest_rows: int
    most_rows: int
    guesses: int

    def __call__(self, ids: Tensor, step: Step, slots: Slots, keep: int) -> Tensor: ...


class Decoder(Protocol):
    """Sequences in rows, and one more that is being opened. Used by one thread alone."""

    @property
    def bytes_per_token(self) -> int:
        """What a token of a row takes of the memory; 0 while that is not known."""
        ...

    def reserve(self, rows: int, tokens: int) -> None:
        """Make room for so many rows of so many tokens each; what is there stays."""
        ...

    def open(self, ids: Sequence[int], *, exact: bool) -> tuple[int, int]:
        """Begin a sequence with what is known of its prompt; gives how many tokens are, and how many from prompts."""
        ...

    def prefill(self, ids: Sequence[int], start: int) -> tuple[int, Tensor]:
        """Compute the opened prompt's next piece; gives where it ends, and its last logits, shape (1, vocabulary)."""
        ...

    def score(self, length: int, first: Tensor, continuations: Sequence[Sequence[int]]) -> list[float]:
        """Give each continuation's mean log-probability per token after the opened prompt; an empty one gets 0.

        `first` are the logits that follow the prompt, shape (1, vocabulary).
        """
        ...

    def settle(self, row: int, tokens: int) -> None:
        """Put the opened sequence into a row."""
        ...

    def move(self, source: int, target: int, tokens: int) -> None:
        """Put a row's sequence into another's place."""
        ...

    def decode(self, tokens: Sequence[int], lengths: Sequence[int]) -> Tensor:
        """Append a token to each of the first rows, which are so long; gives the next logits, (rows, vocabulary)."""
        ...

    def keep(self, row: int | None, ids: Sequence[int], from_prompt: int) -> None:
        """Remember a row's beginning, or that of the opened sequence, for later prompts.

        `from_prompt` tokens of it were computed as a prompt.
        """
        ...

    def drop(self) -> None:
        """Give back all memory but the model's, and forget what it held."""
        ...


class SlotDecoder:
    """A `Decoder` whose rows are computed together. A step that failed can be done again."""

    def __init__(self, forward: Forward, prefix_bytes: int) -> None:
        self._forward = forward
        self._slots = Slots()
        self._prefixes = PrefixStore(prefix_bytes)

    @property
    def bytes_per_token(self) -> int:
        return self._slots.bytes_per_token

    @property
    def guesses(self) -> int:
        """How many tokens more than one `decode_row` computes for little more."""
        return self._forward.guesses

    @torch.inference_mode()
    def reserve(self, rows: int, tokens: int) -> None:
        self._slots.reserve(FIRST + max(rows, self._forward.fewest_rows), tokens)

    @torch.inference_mode()
    def open(self, ids: Sequence[int], *, exact: bool) -> tuple[int, int]:
        found = self._prefixes.find(ids, exact=exact)
        if found.blocks:
            self._slots.write(OPENED, found.blocks)
        return found.tokens, found.from_prompts

    @torch.inference_mode()
    def prefill(self, ids: Sequence[int], start: int) -> tuple[int, Tensor]:
        end = min((start // PIECE + 1) * PIECE, len(ids))
        positions = torch.arange(start, end, device=self._forward.device)[None]
        sees = torch.arange(grains(end), device=self._forward.device) <= positions[0, :, None]
        step = Step(OPENED, positions, positions, self._mask(sees)[None, None])
        return end, self._run([ids[start:end]], step, keep=1)[:, -1]

    @torch.inference_mode()
    def score(self, length: int, first: Tensor, continuations: Sequence[Sequence[int]]) -> list[float]:
        start = first.float().log_softmax(-1)[0]
        sums = [float(start[tokens[0]]) if tokens else 0.0 for tokens in continuations]
        rest = [(branch, at) for branch, tokens in enumerate(continuations) for at in range(len(tokens) - 1)]
        for end in [*range(PIECE, len(rest), PIECE), len(rest)] if rest else []:
            new = (end - 1) % PIECE + 1
            logits = self._branches(length, rest[:end], new, continuations)
            for (branch, at), line in zip(rest[end - new : end], logits.float().log_softmax(-1), strict=True):
                sums[branch] += float(line[continuations[branch][at + 1]])
        return [total / max(len(tokens), 1) for total, tokens in zip(sums, continuations, strict=True)]

    @torch.inference_mode()
    def settle(self, row: int, tokens: int) -> None:
        self._slots.move(OPENED, FIRST + row, tokens)

    @torch.inference_mode()
    def move(self, source: int, target: int, tokens: int) -> None:
        self._slots.move(FIRST + source, FIRST + target, tokens)

    @torch.inference_mode()
    def decode(self, tokens: Sequence[int], lengths: Sequence[int]) -> Tensor:
        most = self._forward.most_rows
        groups = [
            self._decode(at, tokens[at : at + most], lengths[at : at + most]) for at in range(0, len(tokens), most)
        ]
        return groups[0] if len(groups) == 1 else torch.cat(groups)

    @torch.inference_mode()
    def decode_row(self, row: int, tokens: Sequence[int], length: int) -> Tensor:
        """Append a token, and up to `guesses` that may follow it, to one row; gives the logits after each of them,
        (tokens, vocabulary). The guesses count only once the next call's length includes them.
        """
        columns = torch.arange(length, length + len(tokens), device=self._forward.device)
        sees = torch.arange(grains(length + len(tokens)), device=self._forward.device) <= columns[:, None]
        step = Step(FIRST + row, columns[None], columns[None], self._mask(sees)[None, None], written=True)
        return self._run([tokens], step, keep=len(tokens))[0]

    @torch.inference_mode()
    def keep(self, row: int | None, ids: Sequence[int], from_prompt: int) -> None:
        keys, bounds = self._prefixes.missing(ids, from_prompt)
        if keys:
            self._prefixes.add(keys, self._slots.read(OPENED if row is None else FIRST + row, bounds))

    def drop(self) -> None:
        self._slots.drop()
        self._prefixes.clear()

    def _decode(self, row: int, tokens: Sequence[int], lengths: Sequence[int]) -> Tensor:
        spare = max(self._forward.fewest_rows - len(tokens), 0)  # rows of no one, computed for the company
        columns = torch.tensor([*lengths, *[0] * spare], device=self._forward.device)[:, None]
        sees = torch.arange(grains(max(lengths) + 1), device=self._forward.device) <= columns
        step = Step(FIRST + row, columns, columns, self._mask(sees)[:, None, None], written=True)
        return self._run([[token] for token in (*tokens, *[0] * spare)], step, keep=1)[: len(tokens), -1]

    def _branches(
        self, length: int, tokens: list[tuple[int, int]], new: int, continuations: Sequence[Sequence[int]]
    ) -> Tensor:
        """Compute the last `new` of these tokens, (branch, index), each of which sees the prompt and its own branch.

        They lie one after another behind the prompt, and so take one pass instead of a copy of the prompt for each.
        """
        branch, index = torch.tensor(tokens, device=self._forward.device).T
        columns = length + torch.arange(len(tokens), device=self._forward.device)
        sees = torch.zeros((new, grains(length + len(tokens))), dtype=torch.bool, device=self._forward.device)
        sees[:, :length] = True
        sees[:, columns] = (branch[-new:, None] == branch) & (index[-new:, None] >= index)
        step = Step(OPENED, length + index[None, -new:], columns[None, -new:], self._mask(sees)[None, None])
        return self._run([[continuations[one][at] for one, at in tokens[-new:]]], step, keep=new)[0]

    def _run(self, ids: Sequence[Sequence[int]], step: Step, keep: int) -> Tensor:
        return self._forward(torch.tensor(ids, device=self._forward.device), step, self._slots, keep)

    def _mask(self, sees: Tensor) -> Tensor:
        return torch.zeros(sees.shape, dtype=self._forward.dtype, device=sees.device).masked_fill_(~sees, -torch.inf)
