"""How likely a model finds texts that might come next; computed between two steps of the paged loop."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from models.engines.loading import LoadedModel

_TOKENS = 16_384  # of one padded batch


def mean_log_probabilities(
    loaded: LoadedModel, prompt: Sequence[int], continuations: Sequence[Sequence[int]]
) -> list[float]:
    """Give each continuation's mean log-probability per token after the prompt; an empty one gets 0."""
    rows = max(_TOKENS // (len(prompt) + max(map(len, continuations), default=0)), 1)
    found: list[float] = []
    for start in range(0, len(continuations), rows):
        found += _batch(loaded, prompt, continuations[start : start + rows])
    return found


@torch.inference_mode()
def _batch(loaded: LoadedModel, prompt: Sequence[int], continuations: Sequence[Sequence[int]]) -> list[float]:
    width = max(map(len, continuations), default=0)
    if not width:
        return [0.0] * len(continuations)
    # What fills up a row stands behind all that is looked at, so that no attention mask is needed.
    tokens = torch.tensor([[*one, *[0] * (width - len(one))] for one in continuations])
    inputs = torch.cat([torch.tensor([list(prompt)]).expand(len(tokens), -1), tokens[:, :-1]], dim=1)
    last = torch.arange(len(prompt) - 1, inputs.size(1), device=loaded.device)
    logits = loaded.model(input_ids=inputs.to(loaded.device), use_cache=False, logits_to_keep=last).logits
    chosen = logits.float().log_softmax(-1).gather(-1, tokens.to(loaded.device).unsqueeze(-1)).squeeze(-1).cpu()
    lengths = torch.tensor([len(one) for one in continuations])
    kept = torch.arange(width) < lengths.unsqueeze(-1)
    sums = (chosen * kept).sum(-1) / lengths.clamp(min=1)
    return [float(value) for value in sums]
