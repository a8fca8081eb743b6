"""Holding a text to a JSON schema while it is written, by llguidance (extra `schema`).

guide = SchemaGuide(folder, ends)                      # once for a model
constraint = guide.constraint({"type": "object", …})    # once for a request; raises EngineFailed for a bad schema
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import EngineFailed
from models.extras import install

if TYPE_CHECKING:
    from torch import Tensor


class SchemaGuide:
    """What llguidance knows of a model's tokens; made when it is first needed. Safe to use from several threads."""

    def __init__(self, folder: Path, ends: frozenset[int]) -> None:
        self._tokenizer_file = folder / "tokenizer.json"
        self._ends = ends
        self._tokens: Any = None
        self._lock = threading.Lock()

    def constraint(self, schema: Mapping[str, Any]) -> SchemaConstraint:
        """Compile a schema; takes up to a second. Raises EngineFailed where no text can be held to it."""
        try:
            import llguidance
        except ImportError as error:
            raise EngineFailed(f"Answers in a fixed form need llguidance. {install('schema')}") from error
        tokens = self._all_tokens()
        try:
            grammar = llguidance.LLMatcher.grammar_from_json_schema(json.dumps(schema))
        except (ValueError, TypeError) as error:
            raise EngineFailed("The JSON schema cannot be read. Check it with a JSON schema validator.") from error
        matcher = llguidance.LLMatcher(tokens, grammar, log_level=0)
        if matcher.is_error():
            raise EngineFailed("No text can be held to this JSON schema. Use a simpler one.")
        return SchemaConstraint(matcher, self._ends)

    def _all_tokens(self) -> Any:
        import llguidance

        with self._lock:
            if self._tokens is None:
                try:
                    text = self._tokenizer_file.read_text(encoding="utf-8")
                    self._tokens = llguidance.LLTokenizer(text, eos_token=sorted(self._ends))
                except (OSError, ValueError) as error:
                    raise EngineFailed(
                        "This model's tokenizer cannot hold a text to a JSON schema. Choose another model for it."
                    ) from error
            return self._tokens


class SchemaConstraint:
    """A `Constraint` (sampling.py): only tokens that keep the text within the schema may come."""

    def __init__(self, matcher: Any, ends: frozenset[int]) -> None:
        self._matcher = matcher
        self._ends = sorted(ends)

    def allow(self, scores: Tensor) -> Tensor:
        """Give the scores, shape (1, vocabulary), with those of tokens that may not come next at minus infinity."""
        import torch

        return scores.masked_fill(~self.allowed(scores.shape[-1]).to(scores.device), -torch.inf)

    def allowed(self, size: int) -> Tensor:
        """Tell of each token whether it may come next, shape (size,), bool, on the CPU."""
        import torch

        may = torch.zeros(size, dtype=torch.bool)
        if self._matcher.is_stopped() or self._matcher.is_error():
            may[self._ends] = True
        else:
            octets = torch.frombuffer(bytearray(self._matcher.compute_bitmask()), dtype=torch.uint8)
            bits = (octets[:, None] >> torch.arange(8)) & 1
            known = min(bits.numel(), may.numel())
            may[:known] = bits.flatten()[:known].bool()
        return may

    def take(self, token: int) -> None:
        """Go on after a token."""
        if token not in self._ends:
            self._matcher.consume_token(token)
