"""Opening GGUF files by llama.cpp, and what a file says of its model: how far it sees, and what its memory takes.

    facts = read_facts(Path("Qwen3-4B-Instruct-Q4_K_M.gguf"))   # without the weights, in a fraction of a second
    facts.bytes(facts.cache_tokens(4096))                        # 2.5 GB of keys and values, 80 MB for a step

(The library `gguf` reads a file token by token of its vocabulary, which takes many seconds.)
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from models.errors import InvalidWeights
from models.locks import LOADING

_HALF, _SINGLE = 2, 4  # bytes of a number: keys and values are f16, a step's scores float32
_CONVERSATIONS = 4  # whole ones, of the context's length, for which there is memory where nothing bounds it
_UNTOLD_CONTEXT = 2048


@dataclass(frozen=True, slots=True)
class GgufFacts:
    """`trained_context` is in tokens; `token_bytes` are the keys and values of one token, in all layers; `step_bytes`
    is what a step computes in.
    """

    trained_context: int
    token_bytes: int
    step_bytes: int

    def bytes(self, tokens: int) -> int:
        """What llama.cpp takes beside the weights, with a memory for so many tokens."""
        return tokens * self.token_bytes + self.step_bytes

    def context(self, wanted: int) -> int:
        """What can be looked at of what is wanted."""
        return min(wanted, self.trained_context)

    def cache_tokens(self, context: int, room: int | None = None) -> int:
        """For how many tokens there is memory: those of some whole conversations, or as many of them as fit into `room`
        bytes, and of one conversation at least.
        """
        tokens = _CONVERSATIONS * context
        if room is not None and self.token_bytes:
            tokens = min(tokens, (room - self.step_bytes) // self.token_bytes)
        return max(tokens, context)


@cache
def library() -> Any:
    """llama.cpp, silent. Raises ImportError where it is not installed."""
    import llama_cpp

    llama_cpp.llama_log_set(silence(), None)
    llama_cpp.llama_backend_init()
    return llama_cpp


@cache
def silence() -> Any:
    """Kept as long as the program runs: llama.cpp calls it whenever it has something to say."""
    import llama_cpp

    return llama_cpp.llama_log_callback(lambda *_: None)


def open_gguf(gguf: Path, *, weights: bool = True) -> Any:
    """Open a model; whoever calls this frees it. Raises InvalidWeights if llama.cpp cannot read it."""
    lib = library()
    options = lib.llama_model_default_params()
    options.vocab_only = not weights
    model = lib.llama_model_load_from_file(str(gguf).encode(), options)
    if not model:
        raise InvalidWeights(f"The file {gguf.name} cannot be read as a GGUF model. Copy it anew.")
    return model


def read_facts(gguf: Path) -> GgufFacts:
    """Read them without loading the weights. Raises InvalidWeights."""
    model = open_gguf(gguf, weights=False)
    try:
        return facts_of(model)
    finally:
        library().llama_model_free(model)


def facts_of(model: Any) -> GgufFacts:
    """What an open model's file says. llama.cpp does not tell what differs from layer to layer; then as many heads are
    counted as there can be, which is too much rather than too little.
    """
    with LOADING:
        from models.engines.slots import PIECE

    width = _number(model, "embedding_length") or 0
    heads = _number(model, "attention.head_count") or 0
    each = width // heads if heads else 0
    kv_heads = _number(model, "attention.head_count_kv")
    kv_heads = heads if kv_heads is None else kv_heads
    widths = [(_number(model, f"attention.{kind}_length") or each) * kv_heads for kind in ("key", "value")]
    if not heads:
        widths = [width, width]
    lib = library()
    vocabulary = int(lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(model)))
    return GgufFacts(
        trained_context=_number(model, "context_length") or _UNTOLD_CONTEXT,
        token_bytes=(_number(model, "block_count") or 0) * sum(widths) * _HALF,
        step_bytes=2 * PIECE * vocabulary * _SINGLE,
    )


def _number(model: Any, key: str) -> int | None:
    """A number that the file gives under its architecture; None where it gives none, or one for each layer."""
    value = _text(model, f"{_text(model, 'general.architecture')}.{key}")
    return int(value) if value.isdecimal() else None


def _text(model: Any, key: str) -> str:
    text = ctypes.create_string_buffer(128)
    found = library().llama_model_meta_val_str(model, key.encode(), text, len(text))
    return text.value.decode("utf-8", "replace") if found >= 0 else ""
