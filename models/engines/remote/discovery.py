"""What a server says of itself before it is asked to write: its models, and how much they can look at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from models.engines.remote.body import with_extra
from models.engines.remote.client import sync_client
from models.engines.remote.server import Server
from models.errors import EngineFailed

_SIZES = ("max_model_len", "context_length", "context_window", "max_context_length", "n_ctx")
_PATIENCE = 3.0  # seconds; without an answer it goes on as well


def models_of(server: Server, url: str) -> list[Any]:
    """The entries of /models; empty where the server gives no list."""
    patient = replace(server, connect_seconds=_PATIENCE, first_token_seconds=_PATIENCE)
    headers = with_extra(replace(patient, extra={}), {})
    try:
        with sync_client(patient, url) as client:
            return list(client.models.list(**headers).data)
    except EngineFailed:
        raise
    except Exception:  # noqa: BLE001 - not every server has a list, and none is needed
        return []


def with_context(server: Server) -> Server:
    """The server with `context_tokens` as the first replica that tells gives it, unless it is set already."""
    if server.context_tokens is not None:
        return server
    for url in server.urls:
        size = _context(models_of(server, url), server.model)
        if size:
            return replace(server, context_tokens=size)
    return server


def _context(models: list[Any], name: str) -> int | None:
    """vLLM and SGLang say `max_model_len`; others use other words, or none."""
    for model in models:
        if getattr(model, "id", None) != name:
            continue
        told = {**_extra(model), **_extra(getattr(model, "meta", None))}
        sizes = [told[key] for key in _SIZES if isinstance(told.get(key), int) and told[key] > 0]
        return min(sizes, default=None)
    return None


def _extra(model: Any) -> dict[str, Any]:
    if isinstance(model, dict):
        return model
    found = getattr(model, "model_extra", None)
    return found if isinstance(found, dict) else {}
