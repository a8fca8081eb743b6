"""llama.cpp as a `Decoder`: a GGUF file in llama.cpp's own memory, driven by the batch that drives the other models."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.engines.llamacpp_file import facts_of, library, open_gguf
from models.engines.slots import PIECE
from models.engines.tokenizing import ChatTokenizer

_OPENED, _KEPT, _BRANCH, _FIRST = 0, 1, 2, 3  # sequences: being opened, the last prompt, a continuation, row 0


class LlamaCppModel:
    """An open GGUF file. Raises InvalidWeights if llama.cpp cannot read it."""

    def __init__(self, gguf: Path) -> None:
        self.lib: Any = library()
        self.name = gguf.name
        self.model = open_gguf(gguf)
        self.vocabulary = self.lib.llama_model_get_vocab(self.model)
        self.size = int(self.lib.llama_vocab_n_tokens(self.vocabulary))
        self.facts = facts_of(self.model)

    def ends(self) -> frozenset[int]:
        """The tokens that end a message."""
        return frozenset(token for token in range(self.size) if self.lib.llama_vocab_is_eog(self.vocabulary, token))

    def __del__(self) -> None:
        if getattr(self, "model", None):
            self.lib.llama_model_free(self.model)


class GgufTokenizer(ChatTokenizer):
    """A chat tokenizer from what a GGUF file says of its own."""

    def __init__(self, opened: LlamaCppModel) -> None:
        self._opened = opened  # kept open as long as its words are needed
        template = opened.lib.llama_model_chat_template(opened.model, None)
        raw = _Raw(opened)
        settings = {} if template is None else {"chat_template": template.decode("utf-8")}
        self._use(Path(opened.name), raw, settings, raw.specials())


class _Raw:
    """The few methods of a tokenizer of `tokenizers` that ChatTokenizer calls, by llama.cpp."""

    def __init__(self, opened: LlamaCppModel) -> None:
        self._lib, self._vocabulary, self._size = opened.lib, opened.vocabulary, opened.size

    def encode(self, text: str, add_special_tokens: bool = False) -> Any:
        raw = text.encode("utf-8")
        room = len(raw) + 8
        tokens = (ctypes.c_int32 * room)()
        count = self._lib.llama_tokenize(self._vocabulary, raw, len(raw), tokens, room, add_special_tokens, True)
        return _Encoded(list(tokens[:count]))

    def decode(self, ids: Sequence[int], skip_special_tokens: bool = True) -> str:
        tokens = (ctypes.c_int32 * len(ids))(*ids)
        size = 64 + 16 * len(ids)
        while True:
            text = ctypes.create_string_buffer(size)
            count = self._lib.llama_detokenize(
                self._vocabulary, tokens, len(ids), text, size, False, not skip_special_tokens
            )
            if count >= 0:
                return text.raw[:count].decode("utf-8", "replace")
            size = -count

    def token_to_id(self, token: str) -> int | None:
        ids = self.encode(token).ids
        return ids[0] if len(ids) == 1 else None

    def specials(self) -> list[str]:
        controls = (token for token in range(self._size) if self._lib.llama_vocab_is_control(self._vocabulary, token))
        return [
            self._lib.llama_vocab_get_text(self._vocabulary, token).decode("utf-8", "replace") for token in controls
        ]


class _Encoded:
    def __init__(self, ids: list[int]) -> None:
        self.ids = ids


class LlamaCppDecoder:
    """Rows are llama.cpp's sequences, which share one memory of `tokens`. The last prompt is kept for the next one."""

    bytes_per_token = 1  # the batch's memory is counted in tokens

    def __init__(self, opened: LlamaCppModel, *, rows: int, tokens: int, threads: int | None) -> None:
        self._opened, self._lib = opened, opened.lib
        self._context: Any = None
        options = self._lib.llama_context_default_params()
        options.n_ctx = tokens
        options.n_batch = options.n_ubatch = max(PIECE, rows)
        options.n_seq_max = _FIRST + rows
        options.kv_unified = True
        if threads:
            options.n_threads = options.n_threads_batch = threads
        self._context = self._lib.llama_init_from_model(opened.model, options)
        if not self._context:
            raise MemoryError
        self._memory = self._lib.llama_get_memory(self._context)
        self._batch = self._lib.llama_batch_init(max(PIECE, rows), 0, 1)
        self._kept: list[int] = []
        self._rows = 0

    def reserve(self, rows: int, tokens: int) -> None: ...

    def open(self, ids: Sequence[int], *, exact: bool) -> tuple[int, int]:
        self._clear(_OPENED)
        known = 0
        while not exact and known < min(len(self._kept), len(ids) - 1) and self._kept[known] == ids[known]:
            known += 1
        if known:
            self._lib.llama_memory_seq_cp(self._memory, _KEPT, _OPENED, 0, known)
        return known, known

    def prefill(self, ids: Sequence[int], start: int) -> tuple[int, Tensor]:
        end = min((start // PIECE + 1) * PIECE, len(ids))
        lines = self._run(ids[start:end], [_OPENED] * (end - start), range(start, end), [end - start - 1])
        return end, lines

    def score(self, length: int, first: Tensor, continuations: Sequence[Sequence[int]]) -> list[float]:
        start, found = first.log_softmax(-1)[0], []
        for tokens in continuations:
            total = float(start[tokens[0]]) if tokens else 0.0
            self._copy(_OPENED, _BRANCH)
            for at in range(0, len(tokens) - 1, PIECE):
                part = tokens[:-1][at : at + PIECE]
                positions = range(length + at, length + at + len(part))
                lines = self._run(part, [_BRANCH] * len(part), positions, range(len(part)))
                following = torch.tensor(tokens[at + 1 : at + 1 + len(part)])
                total += float(lines.log_softmax(-1).gather(1, following[:, None]).sum())
            self._clear(_BRANCH)
            found.append(total / max(len(tokens), 1))
        return found

    def settle(self, row: int, tokens: int) -> None:
        self._copy(_OPENED, _FIRST + row)
        self._clear(_OPENED)
        self._rows = max(self._rows, row + 1)

    def move(self, source: int, target: int, tokens: int) -> None:
        self._copy(_FIRST + source, _FIRST + target)

    def decode(self, tokens: Sequence[int], lengths: Sequence[int]) -> Tensor:
        for row in range(len(tokens), self._rows):  # of those who left
            self._clear(_FIRST + row)
        self._rows = len(tokens)
        return self._run(tokens, [_FIRST + row for row in range(len(tokens))], lengths, range(len(tokens)))

    def keep(self, row: int | None, ids: Sequence[int], from_prompt: int) -> None:
        self._copy(_OPENED if row is None else _FIRST + row, _KEPT)
        self._kept = list(ids)

    def drop(self) -> None:
        self._lib.llama_memory_clear(self._memory, True)
        self._kept, self._rows = [], 0

    def __del__(self) -> None:
        if getattr(self, "_context", None) is None:
            return
        self._lib.llama_batch_free(self._batch)
        self._lib.llama_free(self._context)

    def _copy(self, source: int, target: int) -> None:
        self._clear(target)
        self._lib.llama_memory_seq_cp(self._memory, source, target, -1, -1)

    def _clear(self, sequence: int) -> None:
        self._lib.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def _run(
        self, tokens: Sequence[int], rows: Sequence[int], positions: Sequence[int], wanted: Sequence[int]
    ) -> Tensor:
        """Give the logits after the wanted ones of these tokens, (wanted, vocabulary). Raises MemoryError when full."""
        batch = self._batch
        batch.n_tokens = len(tokens)
        for at, (token, row, position) in enumerate(zip(tokens, rows, positions, strict=True)):
            batch.token[at], batch.pos[at], batch.n_seq_id[at], batch.logits[at] = token, position, 1, 0
            batch.seq_id[at][0] = row
        for at in wanted:
            batch.logits[at] = 1
        failure = self._lib.llama_decode(self._context, batch)
        if failure == 1 and self._kept:  # no room: what is only kept goes first
            self._clear(_KEPT)
            self._kept = []
            failure = self._lib.llama_decode(self._context, batch)
        if failure:
            raise MemoryError if failure == 1 else RuntimeError(f"llama.cpp: {failure}")
        size = self._opened.size * 4
        lines = [self._lib.llama_get_logits_ith(self._context, at) for at in wanted]
        raw = b"".join(ctypes.string_at(ctypes.cast(line, ctypes.c_void_p).value or 0, size) for line in lines)
        return torch.frombuffer(bytearray(raw), dtype=torch.float32).view(len(lines), -1)
