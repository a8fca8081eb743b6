"""A chat model's tokenizer, read straight from `tokenizer.json`: a twentieth of the time that AutoTokenizer takes."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.errors import InvalidWeights
from models.folders import how_to_mend
from models.locks import LOADING
from models.types import ChatMessage

_HOLD_AT_MOST = 8  # tokens without a whole character; more is not unfinished text but broken bytes


class ChatTokenizer:
    """Text to tokens and back, and messages to a prompt by the model's own chat template."""

    def __init__(self, folder: Path) -> None:
        raw = _load(folder)
        raw.no_truncation()
        raw.no_padding()
        specials = [token.content for token in raw.get_added_tokens_decoder().values() if token.special]
        self._use(folder, raw, _read(folder / "tokenizer_config.json"), specials)

    def _use(self, folder: Path, raw: Any, settings: dict[str, Any], specials: Sequence[str]) -> None:
        self._folder = folder
        self._raw = raw
        self._settings = settings
        longest_first = sorted(filter(None, specials), key=len, reverse=True)
        self._specials = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def encode(self, text: str) -> list[int]:
        """Give the tokens of a text, without any that mark its beginning or end."""
        return list(self._raw.encode(_sound(text), add_special_tokens=False).ids)

    def decode(self, ids: Sequence[int]) -> str:
        """Give the text of tokens, special ones left out."""
        return str(self._raw.decode(list(ids), skip_special_tokens=True))

    def encode_chat(self, messages: Sequence[ChatMessage]) -> list[int]:
        """Give the prompt that asks for the assistant's next message. Raises InvalidWeights without a working template.

        A message is data: control tokens written out in it are broken up, so that no text can end its own turn.
        """
        rows = [{"role": message.role, "content": self._disarm(_sound(message.content))} for message in messages]
        return list(self._raw.encode(self._render(rows), add_special_tokens=False).ids)

    def special_id(self, token: str) -> int | None:
        """Give the id of a token by its text."""
        found = self._raw.token_to_id(token)
        return None if found is None else int(found)

    def _disarm(self, text: str) -> str:
        if self._specials is None:
            return text
        return self._specials.sub(lambda match: f"{match[0][0]} {match[0][1:]}", text)

    def _render(self, rows: list[dict[str, str]]) -> str:
        from jinja2.exceptions import TemplateError, TemplateSyntaxError

        with LOADING:
            from transformers.utils.chat_template_utils import render_jinja_template

        template = self._template()
        names = ("bos_token", "eos_token", "unk_token", "pad_token")
        values: dict[str, Any] = {name: _token_text(self._settings.get(name)) for name in names}

        def render(messages: list[dict[str, str]]) -> str:
            # Models that can think aloud are asked not to; templates without that switch ignore it.
            rendered: Any = render_jinja_template(
                conversations=[messages],
                chat_template=template,
                add_generation_prompt=True,
                enable_thinking=False,
                **values,
            )
            return str(rendered[0][0])

        try:
            with contextlib.suppress(TemplateError):
                return render(rows)
            return render(_without_system(rows))  # some families refuse a system message
        except TemplateSyntaxError as error:
            raise self._broken(f"has an error in line {error.lineno}") from error
        except TemplateError as error:
            raise self._broken("takes no such conversation") from error
        except (TypeError, ValueError, LookupError, AttributeError) as error:  # what its expressions raise
            raise self._broken(f"breaks off ({type(error).__name__})") from error

    def _broken(self, what: str) -> InvalidWeights:
        return InvalidWeights(
            f"The chat template of '{self._folder.name}' {what}, so the model cannot hold a conversation. Correct its "
            "chat_template.jinja or tokenizer_config.json, or choose another model."
        )

    def _template(self) -> str:
        path = self._folder / "chat_template.jinja"
        template = self._settings.get("chat_template")
        if path.is_file():
            template = path.read_text(encoding="utf-8", errors="replace")
        if isinstance(template, list):  # several named templates
            template = next((one["template"] for one in template if one.get("name") == "default"), None)
        if not isinstance(template, str) or not template.strip():
            raise InvalidWeights(
                f"The model '{self._folder.name}' has no chat template, so it cannot hold a conversation. "
                "Choose one that was made for instructions or chat."
            )
        return template


class PieceDecoder:
    """Turns tokens into pieces of text as they come; a character split over tokens waits until it is whole."""

    def __init__(self, tokenizer: ChatTokenizer) -> None:
        self._tokenizer = tokenizer
        self._ids: list[int] = []
        self._start = 0  # from here on tokens are decoded together, so that spaces between words come out right
        self._shown = 0

    def feed(self, token: int) -> str:
        """Take a token; give the text that is whole now, which may be empty."""
        self._ids.append(token)
        before = self._tokenizer.decode(self._ids[self._start : self._shown])
        now = self._tokenizer.decode(self._ids[self._start :])
        unfinished = now.endswith("\ufffd") and len(self._ids) - self._shown < _HOLD_AT_MOST
        if unfinished or len(now) <= len(before):
            return ""
        self._start, self._shown = self._shown, len(self._ids)
        return now[len(before) :]


def _load(folder: Path) -> Any:
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    try:
        if path.is_file():
            return Tokenizer.from_file(str(path))
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(folder).backend_tokenizer
    except Exception as error:  # tokenizers raises a bare Exception
        raise InvalidWeights(
            f"The tokenizer of '{folder.name}' is missing or damaged. {how_to_mend(folder)}."
        ) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _token_text(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("content")
    return value if isinstance(value, str) else ""


def _sound(text: str) -> str:
    """Replace lone surrogates, which no tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _without_system(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    system = "\n\n".join(row["content"] for row in rows if row["role"] == "system")
    rest = [dict(row) for row in rows if row["role"] != "system"]
    if system and rest:
        rest[0]["content"] = f"{system}\n\n{rest[0]['content']}"
    return rest
