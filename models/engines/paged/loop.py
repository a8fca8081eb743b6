"""The one door to transformers' continuous batching: a loop in a thread of its own that writes many texts at once.

    loop = PagedLoop("qwen3-4b", loaded, PagedSizes(), deliver=outputs_of_a_step)
    loop.start()
    loop.add("a", prompt, new=32, options={"temperature": 0.7, "seed": 1})
    loop.cancel("a")                # its pages are free before the next step
    with loop.paused(): ...         # the model is the caller's own meanwhile
    loop.stop()

Keys and values lie in pages that requests with the same beginning share (Kwon et al. 2023, PagedAttention). CUDA graphs
and batches prepared ahead are the library's own choice by device and attention.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from transformers import GenerationConfig
from transformers.generation.configuration_utils import ContinuousBatchingConfig
from transformers.generation.continuous_batching.continuous_api import OutputRouter

from models.convert import quiet_transformers
from models.engines.loading import LoadedModel
from models.engines.paged.marks import Marks
from models.engines.paged.prefixes import separate_prefixes
from models.engines.paged.sampling import RequestSampling
from models.engines.paged.sizes import PagedSizes
from models.errors import EngineFailed

_LOG = logging.getLogger(__name__)
# Its warnings quote tokens of prompts, which belong in no log; what goes wrong is logged here by its kind.
logging.getLogger("ContinuousBatchingLogger").addFilter(lambda record: False)

_SHARE = 0.8  # of the free memory at most; the rest is for what one step computes
_FLASH_PAGE, _PAGE = 256, 32  # flash attention reads whole pages of that size
_CPU_BLOCKS = 256  # on a CPU the library would take most of the machine's memory


class PagedLoop:
    """Owns the library's manager. `deliver` gets each step's outputs, in the loop's own thread, and must be quick."""

    def __init__(
        self, name: str, loaded: LoadedModel, sizes: PagedSizes, deliver: Callable[[Sequence[Any]], None]
    ) -> None:
        self._name = name
        self._loaded = loaded
        self._sizes = sizes
        self._page = sizes.page_tokens or _least_page()
        self._deliver = deliver
        self._manager: Any = None
        self._reused: dict[str, int] = {}

    @property
    def sizes(self) -> PagedSizes:
        return self._sizes

    @property
    def capacity_tokens(self) -> int:
        """How many tokens the cache holds."""
        cache = self._manager.batch_processor.cache
        return int(cache.num_blocks) * self._page

    @property
    def vocabulary(self) -> int:
        """How many tokens there are to choose from."""
        return int(self._loaded.model.config.get_text_config().vocab_size)

    def layout(self) -> dict[str, Any]:
        """How it runs: what the library chose by the device and what is installed."""
        chosen = self._manager.continuous_batching_config
        return {
            "attention": self._loaded.model.config._attn_implementation,
            "cuda_graphs": list(chosen.cuda_graph_booleans),
            "batches_ahead": chosen.use_async_batching,
            "cache_tokens": self.capacity_tokens,
            "batch_tokens": chosen.max_batch_tokens,
        }

    def pages_of(self, tokens: int) -> int:
        """The tokens that so many take of the cache, which is given out in whole pages."""
        return -(-tokens // self._page) * self._page

    def start(self) -> None:
        """Lay out the cache, smaller and smaller until it fits, and start the thread. Raises EngineFailed."""
        while True:
            try:
                self._open()
                return
            except (torch.OutOfMemoryError, MemoryError, ValueError) as error:
                self._manager = None
                less = self._sizes.smaller()
                if less == self._sizes:
                    raise EngineFailed(
                        f"The model '{self._name}' leaves no memory for a single conversation. Use a smaller "
                        "model, or set models.quantisation to int8 or int4."
                    ) from error
                _LOG.warning("the cache of %s did not fit; trying it smaller", self._name)
                self._sizes = less
            _free()

    def shrink(self) -> None:
        """Start smaller the next time, for the memory ran out."""
        self._sizes = self._sizes.smaller()

    def add(self, request_id: str, prompt: Sequence[int], new: int, options: Mapping[str, Any]) -> None:
        """Take up a request; its tokens come through `deliver`. A loop that is dying fails it the same way."""
        self._manager.add_request(
            list(prompt),
            request_id=request_id,
            max_new_tokens=new,
            streaming=True,
            eos_token_id=sorted(self._loaded.eos),
            **options,
        )

    def cancel(self, request_id: str) -> None:
        """Give up a request; nothing more is delivered of it after the step in progress."""
        self._manager.cancel_request(request_id)

    def reused(self, request_id: str) -> int:
        """How many tokens of its prompt were not computed again; can be asked once."""
        return self._reused.pop(request_id, 0)

    def paused(self) -> AbstractContextManager[None]:
        """Hold the loop between two steps. Raises RuntimeError if it dies instead."""
        pause: AbstractContextManager[None] = self._manager.pause()
        return pause

    @property
    def dying(self) -> bool:
        """Whether the loop ended or is about to, without having been told to."""
        status = self._manager.background_thread_status
        return status.local_status != status.DONT_STOP or not self._manager.is_running()

    def failure(self) -> BaseException | None:
        """Wait for the end of a dying loop, and give what it died of."""
        self._manager.join(0.0, timeout=30)
        error: BaseException | None = self._manager.background_thread_status.fatal_error
        return error

    def follow(self) -> None:
        """Compute along until rank 0 stops: what the other ranks of `torchrun` do."""
        self._manager._generation_thread.join()

    def stop(self) -> None:
        """End the thread; what was being written fails."""
        manager, self._manager = self._manager, None
        if manager is None:
            return
        with quiet_transformers():
            manager.stop(block=True, hard_stop=True, timeout=60)
        manager.batch_processor = None
        error = manager.background_thread_status.fatal_error
        if error is not None:
            error.__traceback__ = None  # its frames hold the cache
        _free()

    def _open(self) -> None:
        with quiet_transformers():
            marks = Marks(self._sizes.requests, self.vocabulary, self._loaded.device)
            manager: Any = self._attended(flash=True)
            manager.output_router = _Router(self._deliver)
            manager.logit_processor = RequestSampling(marks)  # the library has no door for processors of one's own
            manager.warmup()
        marks.stream = manager.batch_processor.inputs_and_outputs.compute_stream
        separate_prefixes(manager.batch_processor, self._reused)
        manager.start()
        self._manager = manager

    def _attended(self, *, flash: bool) -> Any:
        """Make the manager, with flash attention where it is installed and works."""
        model = self._loaded.model
        try:
            untyped: Any = GenerationConfig
            settings = untyped(do_sample=False, eos_token_id=sorted(self._loaded.eos) or -1)
            return model.init_continuous_batching(settings, self._layout(flash))
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            if not flash or isinstance(error, torch.OutOfMemoryError):
                raise
            _LOG.warning("flash attention is installed but does not work here: %s", type(error).__name__)
            model.set_attn_implementation("sdpa")
            return self._attended(flash=False)

    def _layout(self, flash: bool) -> ContinuousBatchingConfig:
        sizes = self._sizes
        on_cpu = self._loaded.device.type == "cpu"
        return ContinuousBatchingConfig(
            page_size=self._page,
            num_blocks=sizes.blocks or (_CPU_BLOCKS if on_cpu else None),
            max_batch_tokens=sizes.batch_tokens,
            max_requests_per_batch=min(sizes.requests, sizes.batch_tokens),
            max_memory_percent=_SHARE if on_cpu else self._share_of_free(),
            auto_switch_to_flash=flash,
        )

    def _share_of_free(self) -> float:
        _free()
        free, _ = torch.cuda.mem_get_info(self._loaded.device)
        wanted = self._sizes.cache_bytes or free
        return max(min(wanted / free, _SHARE), 0.01)


class _Router(OutputRouter):
    """Hands on the outputs of a step as they are; the library's own knows a single event loop, and breaks with it."""

    def __init__(self, deliver: Callable[[Sequence[Any]], None]) -> None:
        super().__init__()
        self._hand_on = deliver

    def deliver(self, output: Any) -> None:
        self._hand_on([output])

    def deliver_batch(self, outputs: list[Any]) -> None:
        self._hand_on(outputs)


def _least_page() -> int:
    from transformers.utils.import_utils import is_flash_attn_2_available, is_flash_attn_3_available

    flash = is_flash_attn_2_available(kernels_fallback_ok=True) or is_flash_attn_3_available(kernels_fallback_ok=True)
    return _FLASH_PAGE if torch.cuda.is_available() and flash else _PAGE


def _free() -> None:
    if torch.cuda.is_available():
        gc.collect()
        torch.cuda.empty_cache()
