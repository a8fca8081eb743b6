"""How likely each of some labels is, from the likeliest first tokens that a server gives."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from models.engines.remote.body import plain_messages, with_extra
from models.engines.remote.server import Server
from models.errors import CannotScore
from models.types import ChatMessage

TOP = 20  # the most that the API gives


def scoring_body(server: Server, messages: Sequence[ChatMessage]) -> dict[str, Any]:
    """Ask for one token, and for what else it might have been."""
    body = {
        "model": server.model,
        "messages": plain_messages(messages),
        "max_tokens": 1,
        "temperature": 0,
        "logprobs": True,
        "top_logprobs": TOP,
    }
    return with_extra(server, body)


def first_tokens(server: Server, completion: Any) -> dict[str, float]:
    """The likeliest first tokens with their log-probabilities. Raises CannotScore where the server gives none."""
    try:
        found = completion.choices[0].logprobs.content[0].top_logprobs
        tokens = {str(one.token): float(one.logprob) for one in found}
    except (AttributeError, IndexError, TypeError, ValueError):
        tokens = {}
    if not tokens:
        raise CannotScore(
            f"The server '{server.name}' does not tell how likely words are (logprobs), so it cannot judge by labels. "
            "Name a model for this task in models.sentiment, or another server."
        )
    return tokens


def label_scores(server: Server, labels: Sequence[str], tokens: Mapping[str, float]) -> list[float]:
    """The log-probability of each label's beginning. Raises CannotScore if none of them was likely at all.

    Case and spaces do not count. A token that begins several labels is shared among them. A label that is not among
    the likeliest tokens gets the least that it can have: no more than the last of them, nor than what they leave over.
    """
    shares = [0.0] * len(labels)
    for token, logprob in tokens.items():
        start = token.strip().casefold()
        begun = [index for index, label in enumerate(labels) if start and label.strip().casefold().startswith(start)]
        for index in begun:
            shares[index] += math.exp(logprob) / len(begun)
    if labels and not any(shares):
        raise CannotScore(
            f"The model '{server.model}' on the server '{server.name}' would begin with none of the labels. "
            "Use other labels, or another model."
        )
    left = max(1.0 - sum(math.exp(logprob) for logprob in tokens.values()), 1e-9)
    floor = min(math.log(left), *tokens.values())
    return [min(math.log(share), 0.0) if share else floor for share in shares]
