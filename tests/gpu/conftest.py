"""Tests for a machine with a GPU. They need torch, transformers and pytest alone; without CUDA they are skipped."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path

import pytest

from tests.support.tiny_models import build_tiny_llama


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run coroutines where pytest-asyncio, which does it elsewhere, is not installed."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj) or pyfuncitem.config.pluginmanager.hasplugin("asyncio"):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture(scope="session", autouse=True)
def _cuda() -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose heads are of a size that every attention kernel takes."""
    folder = tmp_path_factory.mktemp("gpu") / "model"
    return build_tiny_llama(folder, context=2048, hidden_size=512, intermediate_size=1024, initializer_range=0.15)
