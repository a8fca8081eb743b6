"""From a setting such as `server:big` to its generator or encoder."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from models.encoders.remote_encoder import RemoteEncoder
from models.engines.remote.discovery import with_context
from models.engines.remote.remote_engine import RemoteGenerator
from models.engines.remote.server import Server
from models.errors import UnknownModel


def server_named(name: str, servers: Mapping[str, Server]) -> Server:
    """Raises UnknownModel."""
    try:
        return servers[name]
    except KeyError:
        known = ", ".join(servers) or "none is set"
        raise UnknownModel(
            f"There is no server named '{name}' ({known}). Describe it in parley.toml under [models.servers.{name}]."
        ) from None


def remote_generator(name: str, servers: Mapping[str, Server]) -> RemoteGenerator:
    """Asks the server for its model's context, if that is not set. Raises UnknownModel or EngineFailed.

    On an event loop it does not ask, since that would stop everything else there for as long.
    """
    server = server_named(name, servers)
    return RemoteGenerator(server if _on_a_loop() else with_context(server))


def remote_encoder(name: str, servers: Mapping[str, Server]) -> RemoteEncoder:
    """Asks nothing yet. Raises UnknownModel."""
    return RemoteEncoder(server_named(name, servers))


def _on_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
