"""Beginnings of prompts that were computed before: system prompts, personas, unchanged history. Least used go first."""

from __future__ import annotations

import hashlib
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from models.engines.slots import Block

BLOCK = 32
"""Tokens that are kept or dropped together."""

_LEAST_LEFT = 16  # tokens of a prompt to compute in any case: fewer at once would round differently


@dataclass(frozen=True, slots=True)
class Key:
    """A block of tokens after all that stands before it. `written`: computed while text was written, not from a prompt.

    Both ways give the same numbers but for rounding.
    """

    digest: bytes  # of all tokens to its end; no one can make up a text that meets another's
    written: bool

    @classmethod
    def after(cls, before: Key | None, tokens: Sequence[int], written: bool) -> Key:
        """Give the key of the tokens that follow."""
        state = hashlib.sha256(before.digest + bytes([before.written]) if before else b"")
        state.update(array("q", tokens).tobytes())
        return cls(state.digest(), written)


@dataclass(frozen=True, slots=True)
class Found:
    """The longest known beginning: its blocks, how many tokens that is, and how many of them came from prompts."""

    blocks: list[Block]
    tokens: int
    from_prompts: int


class PrefixStore:
    """Blocks by what they hold and what comes before, so that conversations share what they have in common.

    `limit` is in bytes. Used by one thread.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[Key, Block] = OrderedDict()  # least recently used first
        self.bytes = 0

    def find(self, ids: Sequence[int], *, exact: bool) -> Found:
        """Look up a prompt. `exact`: only what came from prompts, so that the text is the same with and without."""
        path: list[Key] = []
        while (key := self._next(path, ids, exact)) is not None:
            path.append(key)
        self._touch(path)
        pure = next((index for index, key in enumerate(path) if key.written), len(path))
        return Found([self._kept[key] for key in path], BLOCK * len(path), BLOCK * pure)

    def missing(self, ids: Sequence[int], from_prompt: int) -> tuple[list[Key], list[int]]:
        """Give the keys of whole blocks of a sequence that are not kept yet, with the bounds of their tokens.

        `from_prompt` tokens were computed as a prompt. What is missing is always a sequence's end.
        """
        path = _path(ids, from_prompt)
        self._touch([key for key in path if key in self._kept])
        known = next((index for index, key in enumerate(path) if key not in self._kept), len(path))
        return path[known:], [BLOCK * index for index in range(known, len(path) + 1)]

    def add(self, keys: Sequence[Key], blocks: Sequence[Block]) -> None:
        """Keep blocks; the least recently used ones make room."""
        for key, block in zip(keys, blocks, strict=True):
            if key not in self._kept:
                self._kept[key] = block
                self.bytes += _bytes(block)
        self._touch(keys)
        while self.bytes > self._limit and self._kept:
            _, dropped = self._kept.popitem(last=False)
            self.bytes -= _bytes(dropped)

    def clear(self) -> None:
        """Keep nothing."""
        self._kept.clear()
        self.bytes = 0

    def _next(self, path: list[Key], ids: Sequence[int], exact: bool) -> Key | None:
        start = BLOCK * len(path)
        if start + BLOCK + _LEAST_LEFT > len(ids):
            return None
        before, tokens = path[-1] if path else None, ids[start : start + BLOCK]
        kinds = (False,) if exact else (False, True)
        return next((key for kind in kinds if (key := Key.after(before, tokens, kind)) in self._kept), None)

    def _touch(self, path: Sequence[Key]) -> None:
        """A beginning counts as used after what follows it, so that no end is kept without its beginning."""
        for key in reversed(path):
            if key in self._kept:
                self._kept.move_to_end(key)


def _path(ids: Sequence[int], from_prompt: int) -> list[Key]:
    path: list[Key] = []
    for start in range(0, len(ids) - BLOCK + 1, BLOCK):
        before = path[-1] if path else None
        path.append(Key.after(before, ids[start : start + BLOCK], start + BLOCK > from_prompt))
    return path


def _bytes(block: Block) -> int:
    return sum(part.numel() * part.element_size() for part in block)
