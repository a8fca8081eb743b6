"""Which pass runs a sentence encoder: the compact one where it fits (bert.py), elsewhere transformers' own."""

from __future__ import annotations

import logging

import torch

from models.encoders.bert import BertForward, load_bert, read_shape
from models.encoders.forward import Device, Forward, NumberType
from models.encoders.layout import EncoderLayout
from models.encoders.padded import PaddedForward
from models.encoders.workers import SideBySide
from models.engines.loading import cpu_has_bf16, pick_device

_LOG = logging.getLogger(__name__)


def load_forward(layout: EncoderLayout, device: Device, dtype: NumberType, threads: int | None) -> Forward:
    """Load in the fastest way that computes the model; `auto` is bf16 where the hardware multiplies it.

    Raises InvalidWeights, or EngineFailed where `cuda` is asked for in vain.
    """
    place = pick_device(device)
    if threads:
        torch.set_num_threads(threads)
    fast = dtype == "bfloat16" or (dtype == "auto" and (place.type == "cuda" or cpu_has_bf16()))
    kind = torch.bfloat16 if fast else torch.float32
    compact = _load_compact(layout, kind) if place.type == "cpu" else None
    if compact is None:
        return PaddedForward(layout, kind, place)
    return SideBySide(compact, torch.get_num_threads())


def _load_compact(layout: EncoderLayout, kind: torch.dtype) -> BertForward | None:
    shape = read_shape(layout.folder)
    if shape is None:
        return None
    try:
        return load_bert(layout, shape, kind)
    except (KeyError, IndexError, RuntimeError) as error:  # weights of other names or sizes than a BERT's
        _LOG.warning("%s is no plain BERT (%s); transformers loads it", layout.folder.name, type(error).__name__)
        return None
