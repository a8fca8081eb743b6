"""The kinds of values that settings have, and what all groups of settings share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _path(value: object) -> object:
    return Path(value) if isinstance(value, str) and value else value


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _web_address(url: str) -> str:
    if url and not url.startswith(("https://", "http://")):
        raise ValueError("a URL that begins with https:// or http://")
    return url


def _url_path(path: str) -> str:
    if not re.fullmatch(r"/[^\s?#]*", path):
        raise ValueError("a path that begins with /, without spaces")
    return path


def _webhook_secret(secret: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
        raise ValueError("up to 256 of A-Z, a-z, 0-9, _ and -, as Telegram asks")
    return secret


Lowered = BeforeValidator(_lower)
# The file is read strictly, which would refuse a string for a path; TOML cannot say it otherwise.
Folder = Annotated[Path, BeforeValidator(_path), AfterValidator(_absolute)]
Name = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
WebAddress = Annotated[str, AfterValidator(_web_address)]
UrlPath = Annotated[str, AfterValidator(_url_path)]
WebhookSecret = Annotated[str, AfterValidator(_webhook_secret)]


class Group(BaseModel):
    """What all groups of settings share: they are frozen, and refuse names that they do not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
