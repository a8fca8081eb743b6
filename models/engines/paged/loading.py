"""Loading a generator for the paged engine: bf16, or packed to 8 or 4 bits by torchao, on one GPU or over several."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.devices import Device
from models.engines.loading import LoadedModel, NumberType, context_tokens, end_tokens, pick_device, pick_type
from models.engines.paged.ranks import ranks
from models.engines.tokenizing import ChatTokenizer
from models.errors import EngineFailed
from models.extras import install
from models.folders import check_folder
from models.memory import Quantisation
from models.pretrained import load_model

if TYPE_CHECKING:
    import torch

_LOG = logging.getLogger(__name__)


def load_for_pages(
    folder: Path, device: Device, dtype: NumberType, quantisation: Quantisation, adapters: Mapping[str, Path]
) -> LoadedModel:
    """Load a generator, and put its adapters on it. Started by `torchrun`, its layers are spread over all ranks' GPUs.

    Raises InvalidWeights or EngineFailed.
    """
    check_folder(folder)
    import torch
    from transformers import AutoModelForCausalLM

    place = pick_device(device)
    kind = pick_type(dtype, place)
    options = _spread(place) | _packed(quantisation, place)
    try:
        model = load_model(
            AutoModelForCausalLM, folder, dtype=torch.bfloat16 if kind == "bfloat16" else torch.float32, **options
        )
    except torch.OutOfMemoryError as error:
        raise EngineFailed(
            f"The model '{folder.name}' does not fit into the GPU's memory. Use a smaller one, or set "
            "models.quantisation to int8 or int4."
        ) from error
    if adapters:
        _adapt(model, adapters)
    _LOG.info("loaded %s on %s as %s", folder.name, place.type, kind if quantisation == "none" else quantisation)
    return LoadedModel(model.eval(), ChatTokenizer(folder), place, context_tokens(folder), end_tokens(folder))


def _adapt(model: Any, folders: Mapping[str, Path]) -> None:
    from models.engines.adapters import Adapters
    from models.engines.paged.sampling import ADAPTER

    if ranks() > 1:
        raise EngineFailed("Adapters are not served over several GPUs. Empty models.adapters, or start one process.")
    Adapters(model, folders).follow_pages(model, ADAPTER)


def _spread(place: torch.device) -> dict[str, Any]:
    """Where the weights go: straight to the device, or by the architecture's own plan over all ranks."""
    if ranks() == 1:
        return {"device_map": {"": place}}
    from transformers.distributed.configuration_utils import DistributedConfig

    return {"distributed_config": DistributedConfig(tp_plan="auto")}


def _packed(quantisation: Quantisation, place: torch.device) -> dict[str, Any]:
    if quantisation == "none":
        return {}
    try:
        from torchao.quantization import Int4WeightOnlyConfig, Int8WeightOnlyConfig
    except ImportError:
        raise EngineFailed(
            f"models.quantisation is {quantisation}, and torchao is not installed. {install('gpu')}"
        ) from None
    from transformers import TorchAoConfig

    if quantisation == "int8":
        return {"quantization_config": TorchAoConfig(Int8WeightOnlyConfig())}
    if place.type != "cuda":
        raise EngineFailed("models.quantisation int4 needs a CUDA device. Set it to none or int8.")
    # This layout is multiplied by torch's own kernel; the others need one more library.
    config = Int4WeightOnlyConfig(
        group_size=64, int4_packing_format="tile_packed_to_4d", int4_choose_qparams_algorithm="hqq"
    )
    return {"quantization_config": TorchAoConfig(config)}
