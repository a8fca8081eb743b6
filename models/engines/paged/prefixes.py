"""Which beginnings requests may share in the paged cache: those of equal tokens under the same adapter.

The library knows a page by the tokens up to its end. An adapter changes what those tokens come to, so its number is
mixed into the tokens before they are compared. Two more things are mended here: how much was shared is kept for the
caller, and a request that was cancelled while its step was computed no longer ends the loop (transformers 5.23 looks up
its pages, which are gone by then).
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from models.engines.adapter_names import marked


def separate_prefixes(processor: Any, reused: MutableMapping[str, int]) -> None:
    """Change a batch processor's cache in place; `reused` gets the tokens that each request did not compute again."""
    cache, scheduler = processor.cache, processor.scheduler
    search = cache.search_prefix_match

    def search_prefix_match(request_id: str, prompt_ids: list[int]) -> int:
        state = scheduler.waiting_requests.get(request_id)
        found = int(search(request_id, _mixed(prompt_ids, state)))
        reused[request_id] = found
        return found

    def mark_complete_blocks(state: Any, complete_blocks: Mapping[str, int]) -> None:
        if not cache.allow_block_sharing:
            return
        tokens = _mixed(state.initial_tokens + state.generated_tokens, state) if complete_blocks else []
        for name, count in complete_blocks.items():
            allocator = cache.cache_allocators[name]
            if state.request_id in allocator.block_table:
                allocator.mark_complete_blocks(state.request_id, tokens, count)

    cache.search_prefix_match = search_prefix_match
    cache.mark_complete_blocks = mark_complete_blocks


def _mixed(tokens: list[int], state: Any) -> list[int]:
    return marked(tokens, state.logit_processor_kwargs.get("adapter", 0) if state is not None else 0)
