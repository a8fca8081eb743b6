"""What a model would run on here, in words for a person."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from models.errors import DeviceMissing

Device = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """What `models.device` comes to on this machine. `usable` is False where a GPU is asked for and none is there."""

    kind: Literal["cpu", "cuda"]
    usable: bool
    description: str


def device_kind(device: Device) -> Literal["cpu", "cuda"]:
    """What the setting comes to here; `cuda` stays so where none is there. Loads torch, unless it says `cpu`."""
    if device != "auto":
        return device
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def check_device(device: Device) -> None:
    """Make sure that what the setting asks for is there. Raises DeviceMissing. Loads torch if it says `cuda`."""
    if device != "cuda":
        return
    import torch

    if not torch.cuda.is_available():
        raise DeviceMissing("No usable CUDA device was found. Set models.device to auto or cpu, or check the driver.")


def describe_device(device: Device) -> DeviceReport:
    """Say what the setting comes to here. Loads torch."""
    import torch

    if device != "cpu" and torch.cuda.is_available():
        memory = torch.cuda.get_device_properties(0).total_memory
        return DeviceReport("cuda", True, f"{torch.cuda.get_device_name(0)}, {memory / 1e9:,.0f} GB")
    if device == "cuda":
        return DeviceReport("cuda", False, "no usable CUDA device")
    return DeviceReport("cpu", True, f"CPU, {os.cpu_count()} cores, torch {torch.__version__}")
