"""Settings of model servers: each a table of its own, `[models.servers.NAME]`."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from bot.settings.kinds import Folder, Group, Name

ServerName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*([_-][a-z0-9]+)*$")]


def _addresses(value: str) -> str:
    for url in addresses(value) or [""]:
        try:
            right = urlsplit(url).scheme in ("http", "https") and bool(urlsplit(url).hostname)
        except ValueError:
            right = False
        if not right:
            raise ValueError("addresses that begin with http:// or https://, separated by commas")
    return value


def addresses(value: str) -> list[str]:
    """The replicas that `base_url` names."""
    return [url.strip() for url in value.split(",") if url.strip()]


class ServerSettings(Group):
    """A server with the OpenAI API. Choose it as "server:NAME" in models.generator, embedder or translator."""

    base_url: Annotated[str, AfterValidator(_addresses)] = Field(
        repr=False,  # it may hold a password
        examples=["http://127.0.0.1:8000/v1"],
        description="Where its API is; most end in /v1. Several replicas: separated by commas.",
    )
    model: Name = Field(examples=["Qwen/Qwen3-8B"], description="The model's name there.")
    api_key: str = Field(
        default="",
        repr=False,
        description="Its key, if it wants one. Better set PARLEY_MODELS__SERVERS__NAME__API_KEY, or use api_key_file.",
    )
    api_key_file: Folder | None = Field(
        default=None, examples=["./server-key"], description="A file that holds the key and nothing else."
    )
    context_tokens: int | None = Field(
        default=None, ge=16, examples=[32768], description="How much text it can look at. Unset: as the server says."
    )
    languages: list[Name] = Field(default=["*"], description='Which it writes or reads well: codes, or "*" for any.')
    tokenizer: Folder | None = Field(
        default=None,
        examples=["./models/Qwen3-8B"],
        description="A folder with the model's tokenizer, for exact counts. Unset: tokens are estimated.",
    )
    connect_seconds: float = Field(default=5.0, gt=0, le=600, description="How long to wait for a connection.")
    first_token_seconds: float = Field(
        default=60.0, gt=0, le=3600, description="How long to wait until it begins to write."
    )
    between_seconds: float = Field(default=30.0, gt=0, le=3600, description="How long it may pause while it writes.")
    retries: int = Field(default=2, ge=0, le=10, description="How often a request that failed is made again.")
    failures: int = Field(default=3, ge=1, le=100, description="After so many failures in a row a replica rests.")
    rest_seconds: float = Field(default=20.0, ge=0, le=3600, description="For how long it rests.")
    query_prefix: str = Field(default="", description="Put before a question that is embedded.")
    passage_prefix: str = Field(default="", description="Put before a passage that is embedded.")
    extra_body: dict[str, Any] = Field(
        default={},
        examples=[{"chat_template_kwargs": {"enable_thinking": False}}],
        description="Sent along with each request, for what this kind of server alone understands.",
    )
