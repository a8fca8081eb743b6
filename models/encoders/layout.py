"""What a sentence encoder's folder says of itself, in sentence-transformers' layout: pooling, limits, prefixes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from models.errors import InvalidWeights
from models.folders import how_to_mend

Pooling = Literal["mean", "cls", "last"]
_POOLING: dict[str, Pooling] = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_lasttoken": "last",
}
_NAMES: dict[str, Pooling] = {"mean": "mean", "cls": "cls", "lasttoken": "last"}
_OFFSET_POSITIONS = {"roberta", "xlm-roberta", "mpnet", "camembert"}  # these begin to count at the padding's id


@dataclass(frozen=True, slots=True)
class EncoderLayout:
    """How a folder's model makes a vector. `max_tokens` counts the special tokens, too."""

    folder: Path
    dimension: int
    max_tokens: int
    pooling: Pooling
    pad_id: int
    unknown_id: int | None
    special_ids: frozenset[int]
    query_prefix: str
    passage_prefix: str

    def load_tokenizer(self) -> Any:
        """Give the `tokenizers.Tokenizer`, truncating at the model's limit, without padding."""
        tokenizer = _tokenizer(self.folder)
        tokenizer.no_padding()
        tokenizer.enable_truncation(self.max_tokens)
        return tokenizer

    def is_blind(self, ids: Sequence[int]) -> bool:
        """Whether no token but special and unknown ones is there."""
        return all(token in self.special_ids or token == self.unknown_id for token in ids)


def read_layout(folder: Path) -> EncoderLayout:
    """Read config.json and sentence-transformers' own files, where there are any. Raises InvalidWeights."""
    config = _json(folder / "config.json")
    if not isinstance(config.get("hidden_size"), int):
        raise InvalidWeights(f"The model '{folder.name}' is no text encoder: its config.json has no hidden_size.")
    tokenizer = _tokenizer(folder)
    prompts = _json(folder / "config_sentence_transformers.json").get("prompts") or {}
    specials = {i for i, token in tokenizer.get_added_tokens_decoder().items() if token.special}
    specials.update(tokenizer.encode("").ids)  # what stands around every text
    pad = config.get("pad_token_id")
    unknown = tokenizer.token_to_id("[UNK]")
    return EncoderLayout(
        folder=folder,
        dimension=int(config["hidden_size"]),
        max_tokens=_max_tokens(folder, config),
        pooling=_pooling(folder),
        pad_id=pad if isinstance(pad, int) else 0,
        unknown_id=tokenizer.token_to_id("<unk>") if unknown is None else unknown,
        special_ids=frozenset(specials),
        query_prefix=str(prompts.get("query", "")),
        passage_prefix=str(prompts.get("passage", prompts.get("document", ""))),
    )


def _pooling(folder: Path) -> Pooling:
    modules = _read(folder / "modules.json") or []
    kinds = [str(module.get("type", "")).rpartition(".")[2] for module in modules if isinstance(module, dict)]
    foreign = [kind for kind in kinds if kind not in {"Transformer", "Pooling", "Normalize"}]
    if foreign:
        raise InvalidWeights(
            f"The model '{folder.name}' needs a part that Parley does not have ({foreign[0]}). Choose another embedder."
        )
    settings = _json(folder / "1_Pooling" / "config.json")
    if settings.get("pooling_mode") in _NAMES:
        return _NAMES[settings["pooling_mode"]]
    chosen = [name for key, name in _POOLING.items() if settings.get(key)]
    return chosen[0] if chosen else "mean"


def _max_tokens(folder: Path, config: dict[str, Any]) -> int:
    bounds = [_json(folder / "sentence_bert_config.json").get("max_seq_length")]
    bounds.append(_json(folder / "tokenizer_config.json").get("model_max_length"))
    positions = config.get("max_position_embeddings")
    if isinstance(positions, int):
        bounds.append(positions - 2 if config.get("model_type") in _OFFSET_POSITIONS else positions)
    known = [int(bound) for bound in bounds if isinstance(bound, int) and 0 < bound < 1_000_000]
    return min(known, default=512)


def _tokenizer(folder: Path) -> Any:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # tokenizers raises a bare Exception
        raise InvalidWeights(
            f"The tokenizer of '{folder.name}' is missing or damaged. {how_to_mend(folder)}."
        ) from error


def _json(path: Path) -> dict[str, Any]:
    value = _read(path)
    return value if isinstance(value, dict) else {}


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
