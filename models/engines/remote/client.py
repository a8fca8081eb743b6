"""Clients of the `openai` library for a server: they read no variables of the environment, and repeat nothing."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from models.engines.remote.server import Server
from models.errors import EngineFailed
from models.extras import install

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

_MAX_SENT_SECONDS = 30.0  # for a prompt to go out


def async_client(server: Server, url: str) -> AsyncOpenAI:
    """A client whose waiting for text is bounded by its user, not by itself. Raises EngineFailed."""
    require("openai")
    from openai import AsyncOpenAI

    return AsyncOpenAI(base_url=url, timeout=_timeout(server, None), **_options(server))


def sync_client(server: Server, url: str) -> OpenAI:
    """A client that waits for an answer as long as for a first token. Raises EngineFailed."""
    require("openai")
    from openai import OpenAI

    return OpenAI(base_url=url, timeout=_timeout(server, server.first_token_seconds), **_options(server))


def require(library: str) -> None:
    """Raise EngineFailed with the command where a library of the extra `openai` is not installed."""
    try:
        import_module(library)
    except ModuleNotFoundError as error:
        raise EngineFailed(
            f"The library {error.name} is not installed, which model servers need. {install('openai')}"
        ) from None


def _timeout(server: Server, read: float | None) -> Any:
    import httpx2

    return httpx2.Timeout(connect=server.connect_seconds, read=read, write=_MAX_SENT_SECONDS, pool=None)


def _options(server: Server) -> dict[str, Any]:
    """What keeps the library from sending a key or an organisation that it finds in the environment."""
    from openai import omit

    return {
        "api_key": server.key or "none",
        "max_retries": 0,
        "default_headers": {
            **({"Authorization": f"Bearer {server.key}"} if server.key else {}),
            "OpenAI-Organization": omit,
            "OpenAI-Project": omit,
        },
    }
