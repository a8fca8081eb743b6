"""A setting that asks for a GPU on a machine without one: every command says so, and none starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.conftest import Parley
from tests.integration.test_cli_serve import serving, telegram
from tests.support.telegram_server import TelegramServer

NO_GPU = "No usable CUDA device was found. Set models.device to auto or cpu, or check the driver."


@pytest.fixture
def on_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    monkeypatch.setenv("PARLEY_MODELS__DEVICE", "cuda")


@pytest.mark.usefixtures("shop", "on_cuda")
@pytest.mark.parametrize(
    "words",
    [
        ("ask", "How do I get my money back?"),
        ("chat",),
        ("sentiment", "I like it."),
        ("translate", "I like it.", "--to", "zh"),
        ("write", "thanks for the parcel"),
        ("kb", "search", "parcels"),
    ],
)
def test_a_command_that_needs_a_model_says_that_there_is_no_gpu(parley: Parley, words: tuple[str, ...]) -> None:
    done = parley(*words)
    assert (done.code, done.sentence) == (6, NO_GPU)


@pytest.mark.usefixtures("shop", "on_cuda")
async def test_serve_does_not_start_without_its_gpu() -> None:
    async with TelegramServer() as server, serving(**telegram(server)) as parley:
        assert await parley.ends() == 6
        assert NO_GPU in parley.said
        assert "ready" not in parley.said


@pytest.mark.usefixtures("on_cuda")
def test_with_memory_that_is_set_the_sentence_is_the_same(
    parley: Parley, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_MODELS__MEMORY_GB", "4")
    done = parley("kb", "search", "parcels")
    assert (done.code, done.sentence) == (6, NO_GPU)
