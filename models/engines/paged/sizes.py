"""How much memory the paged engine takes, and what it tries next when that was too much."""

from __future__ import annotations

from dataclasses import dataclass, replace

_LEAST_BATCH = 128


@dataclass(frozen=True, slots=True)
class PagedSizes:
    """How large the cache and the batches are.

    Prompts share whole pages of `page_tokens`; None: as small as the attention takes them. There are `blocks` of them
    for every layer; None: as many as `cache_bytes` of what is free hold (None: most of it). `batch_tokens` are computed
    in one step, of at most `requests` requests.
    """

    page_tokens: int | None = None
    blocks: int | None = None
    batch_tokens: int = 2048
    requests: int = 256
    cache_bytes: int | None = None

    def smaller(self) -> PagedSizes:
        """The sizes to try after the memory ran out; equal to these where it cannot be less."""
        return replace(
            self,
            blocks=None if self.blocks is None else max(self.blocks // 2, 2),
            batch_tokens=max(self.batch_tokens // 2, min(_LEAST_BATCH, self.batch_tokens)),
            requests=max(self.requests // 2, 1),
            cache_bytes=None if self.cache_bytes is None else self.cache_bytes // 2,
        )
