"""What the server answers when it refuses: a code, a description as Telegram words it, and sometimes parameters.

Descriptions follow tdlib/telegram-bot-api and what its users report, word for word where known.
"""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A refusal: ``{"ok": false, "error_code": …, "description": …, "parameters": {…}}``."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def to_json(self) -> dict[str, Any]:
        """The body of the answer."""
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            body["parameters"] = dict(self.parameters)
        return body


class ConnectionCut(Exception):  # noqa: N818 - says what happens
    """The connection is closed without an answer."""


def bad_request(reason: str, **parameters: int) -> ApiError:
    """400, with the words that follow ``Bad Request: ``."""
    return ApiError(400, f"Bad Request: {reason}", **parameters)


def forbidden(reason: str) -> ApiError:
    """403, with the words that follow ``Forbidden: ``."""
    return ApiError(403, f"Forbidden: {reason}")


def conflict(reason: str) -> ApiError:
    """409, with the words that follow ``Conflict: ``."""
    return ApiError(409, f"Conflict: {reason}")


def too_many(seconds: int) -> ApiError:
    """429: to be tried again after so many whole seconds."""
    return ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def unauthorized() -> ApiError:
    """401: a token of the right shape that no bot has, or no longer."""
    return ApiError(401, "Unauthorized")


def not_found() -> ApiError:
    """404: no such method, or a path that names no token."""
    return ApiError(404, "Not Found")


def stale_query() -> ApiError:
    """A callback or inline query that was answered too late, or never was."""
    return bad_request("query is too old and response timeout expired or query ID is invalid")
