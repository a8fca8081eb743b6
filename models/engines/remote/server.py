"""A server with the OpenAI API, as the operator describes it: where it is, which model, how long to wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit


@dataclass(frozen=True, slots=True)
class Server:
    """One model on one or several servers; each of `urls` is a replica and ends where `/chat/completions` begins.

    Times are in seconds. `tokenizer` is a folder with the model's tokenizer, for exact counts; without it they are
    estimated. `extra` is merged into the body of each request, for what one kind of server alone understands.
    """

    name: str
    urls: tuple[str, ...] = field(repr=False)  # one may hold a password
    model: str
    key: str = field(default="", repr=False)
    context_tokens: int | None = None
    languages: frozenset[str] = frozenset({"*"})
    tokenizer: Path | None = None
    connect_seconds: float = 5.0
    first_token_seconds: float = 60.0
    between_seconds: float = 30.0
    retries: int = 2
    failures: int = 3  # in a row, after which a replica rests
    rest_seconds: float = 20.0
    query_prefix: str = ""
    passage_prefix: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """What replies and vectors are marked with: the server and its model."""
        return f"server:{self.name}/{self.model}"


def shown(url: str) -> str:
    """The address for a person to read: without a name and password, and without a query, which may hold a key."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))
