"""The model servers of the settings, as the models know them, with their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.settings.secrets import read_secret
from bot.settings.servers import addresses

if TYPE_CHECKING:
    from bot.settings import Settings
    from models.engines.remote.server import Server


def model_servers(settings: Settings) -> dict[str, Server]:
    """Each server by its name. Raises SettingsError for a file of a key that cannot be read."""
    from models.engines.remote.server import Server

    return {
        name: Server(
            name,
            tuple(addresses(table.base_url)),
            table.model,
            read_secret(table.api_key, table.api_key_file, f"models.servers.{name}.api_key"),
            context_tokens=table.context_tokens,
            languages=frozenset(table.languages),
            tokenizer=table.tokenizer,
            connect_seconds=table.connect_seconds,
            first_token_seconds=table.first_token_seconds,
            between_seconds=table.between_seconds,
            retries=table.retries,
            failures=table.failures,
            rest_seconds=table.rest_seconds,
            query_prefix=table.query_prefix,
            passage_prefix=table.passage_prefix,
            extra=table.extra_body,
        )
        for name, table in settings.models.servers.items()
    }


def examine_server(name: str, settings: Settings, *, embeds: bool) -> list[tuple[str, str]]:
    """Ask each replica of a server for one token, or one vector. Give its address, and the sentence that says why it
    does not answer; empty where it does.
    """
    from models.engines.remote.building import server_named
    from models.engines.remote.check import check
    from models.errors import ModelError

    try:
        return check(server_named(name, model_servers(settings)), embeds=embeds)
    except ModelError as error:
        return [("", str(error))]
