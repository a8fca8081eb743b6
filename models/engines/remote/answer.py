"""One chat completion while it is written: its chunks become pieces of text, each awaited no longer than allowed."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from models.engines.remote.failures import ServerFailure, cut_off, empty, explain, too_slow, unreadable
from models.engines.remote.server import Server
from models.types import FinishReason

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types import CompletionUsage


class Answer:
    """Made by `begin`, which returns when the server has begun to write (or to think)."""

    def __init__(self, server: Server, url: str) -> None:
        self._server = server
        self._url = url
        self._stream: AsyncStream[Any] | None = None
        self._first: str | None = ""
        self._seen = False
        self._ended = False
        self.thought = False
        self.reason: FinishReason | None = None
        self.usage: CompletionUsage | None = None

    @classmethod
    async def begin(cls, client: AsyncOpenAI, server: Server, url: str, body: dict[str, Any]) -> Answer:
        """Ask, and wait for the first sign of an answer. Raises ServerFailure."""
        answer = cls(server, url)
        try:
            async with asyncio.timeout(server.first_token_seconds):
                answer._stream = await client.chat.completions.create(**body)
                answer._first = await answer._read()
            if answer._first is None and answer.reason is FinishReason.STOP and "stop" not in body:
                raise empty(server, url)
        except TimeoutError:
            await answer.close()
            raise too_slow(server, url, server.first_token_seconds, begun=False) from None
        except ServerFailure:
            await answer.close()
            raise
        except BaseException as error:
            await answer.close()
            if isinstance(error, Exception):
                raise explain(error, server, url) from None
            raise
        return answer

    async def next(self) -> str | None:
        """The next piece of text, empty while the model thinks; None at the end. Raises ServerFailure."""
        if self._first is None:
            return None
        if self._first:
            first, self._first = self._first, ""
            return first
        seconds = self._server.between_seconds
        try:
            async with asyncio.timeout(seconds):
                piece = await self._read()
        except TimeoutError:
            raise too_slow(self._server, self._url, seconds, begun=True) from None
        if piece is None:
            self._first = None
        return piece

    async def close(self) -> None:
        """Close the connection, which frees the server's slot at once."""
        if self._stream is not None:
            with contextlib.suppress(Exception):
                await self._stream.close()

    async def _read(self) -> str | None:
        """Read chunks up to the next piece of text, sign of thinking, or the end."""
        assert self._stream is not None
        while not self._ended:
            try:
                chunk = await anext(self._stream)
            except StopAsyncIteration:
                self._ended = True
                self._check_end()
                break
            except TimeoutError:
                raise
            except ValueError:  # a line that is no JSON
                raise unreadable(self._server, self._url) from None
            except Exception as error:  # noqa: BLE001 - whatever the library raises is explained in one place
                raise self._explained(error) from None
            piece = self._take(chunk)
            if piece is not None:
                return piece
        return None

    def _take(self, chunk: Any) -> str | None:
        """A chunk's text; None where it has none, and is no sign of thinking either."""
        try:
            self.usage = chunk.usage or self.usage
            if not chunk.choices:
                return None
            choice = chunk.choices[0]
            self._seen = True
            if choice.finish_reason:
                self.reason = FinishReason.LENGTH if choice.finish_reason == "length" else FinishReason.STOP
            text = choice.delta.content
            thinks = getattr(choice.delta, "reasoning_content", None) or getattr(choice.delta, "reasoning", None)
        except (AttributeError, TypeError, IndexError, KeyError):
            raise unreadable(self._server, self._url) from None
        if isinstance(text, str) and text:
            return text
        self.thought = self.thought or bool(thinks)
        return "" if thinks else None

    def _check_end(self) -> None:
        if self.reason is not None:
            return
        if self._seen:
            raise cut_off(self._server, self._url)
        assert self._stream is not None
        raise unreadable(self._server, self._url, self._stream.response.headers.get("content-type", ""))

    def _explained(self, error: Exception) -> ServerFailure:
        failure = explain(error, self._server, self._url)
        if self._seen and failure.broken and type(error).__name__ == "APIConnectionError":
            return cut_off(self._server, self._url)
        return failure
