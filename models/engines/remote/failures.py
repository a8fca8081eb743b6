"""What goes wrong with a server, as one sentence, and whether the request may be made again.

The only door through which errors of `openai` come. Their own texts may hold people's words, so none is repeated.
"""

from __future__ import annotations

import logging
import math
import re
from enum import IntEnum
from traceback import format_tb

from models.engines.remote.server import Server, shown
from models.errors import ContextTooLong, EngineFailed, ModelError, Overloaded

_LOG = logging.getLogger(__name__)

_TOO_LONG = re.compile(
    r"context[_ ](?:length|size|window)|(?:exceed|longer|greater).{0,40}(?:context|maximum)|too long|too many tokens",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[\w.\[\]-]{1,40}")  # a parameter's name, but no sentence
_BUSY = frozenset({429, 503, 529})
COMPLETION, EMBEDDINGS = "answers what is no chat completion", "answers what are no embeddings"


class Again(IntEnum):
    """Where the same request may be made once more, as long as no text of it was passed on."""

    HERE = 0  # also on the same replica, after a while
    ELSEWHERE = 1  # on another replica only
    NEVER = 2  # the request itself, or the settings, are wrong


class ServerFailure(Exception):  # noqa: N818
    """An attempt that failed. `broken`: the replica is to blame; `wait`: how many seconds it asked to be left alone;
    `about`: the field of the request that it refuses; `grave`: one such failure is enough for the replica to rest.
    """

    def __init__(
        self,
        error: ModelError,
        again: Again,
        *,
        broken: bool = False,
        wait: float | None = None,
        about: str = "",
        grave: bool = False,
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.again = again
        self.broken = broken
        self.wait = wait
        self.about = about
        self.grave = grave


def explain(error: Exception, server: Server, url: str, lacks: str = COMPLETION) -> ServerFailure:
    """Translate what the library, or the reading of an answer, raised; for `lacks` see `unreadable`."""
    import httpx2
    import openai

    where = f"The server '{server.name}' at {shown(url)}"
    if isinstance(error, openai.APIConnectionError):
        if isinstance(error.__cause__, httpx2.ReadTimeout):  # of who asks from a thread: no event loop bounds it
            return too_slow(server, url, server.first_token_seconds, begun=False, grave=True)
        if isinstance(error.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout):
            sentence = f"{where} does not answer. Start it, or correct base_url in models.servers.{server.name}."
        else:
            sentence = f"{where} broke the connection. Ask again; if it stays so, read that server's log."
        return ServerFailure(EngineFailed(sentence), Again.HERE, broken=True)
    if isinstance(error, openai.APIStatusError):
        return _by_status(error, server, where)
    if isinstance(error, openai.APIError):  # an error that is told in the middle of a stream
        if _TOO_LONG.search(f"{error.code} {error.message}"):
            return too_long(server)
        sentence = f"{where} reported an error while it wrote. Ask again; if it stays so, read that server's log."
        return ServerFailure(EngineFailed(sentence), Again.HERE, broken=True)
    # The error's own text may hold people's words, so only its kind and place are logged.
    _LOG.error("%s: %s\n%s", server.name, type(error).__name__, "".join(format_tb(error.__traceback__)))
    return unreadable(server, url, lacks=lacks)


def unreadable(server: Server, url: str, kind: str = "", lacks: str = COMPLETION, why: str = "") -> ServerFailure:
    """It answers, but not as the API does; `kind` is the answer's content type, `lacks` says what it is not."""
    where = f"The server '{server.name}' at {shown(url)}"
    if "html" in kind:
        sentence = f"{where} answers with a web page. base_url must lead to the API; most end in /v1."
    elif lacks is EMBEDDINGS:
        told = f" ({why})" if why else ""
        sentence = f"{where} {lacks}{told}. Check that it speaks the OpenAI API, and that its model embeds."
    elif kind and "event-stream" not in kind:
        sentence = f"{where} does not stream its text: it answers with {kind.partition(';')[0]}. Check base_url."
    else:
        sentence = f"{where} {lacks}. Check that it speaks the OpenAI API."
    return ServerFailure(EngineFailed(sentence), Again.ELSEWHERE, broken=True)


def empty(server: Server, url: str, thought: int = 0) -> ServerFailure:
    """It ended without a text; `thought`: after so many tokens of thoughts, which was all that it might write.

    The prompt may be the cause, so the replica is not to blame.
    """
    where = f"The server '{server.name}' at {shown(url)}"
    if thought:
        sentence = (
            f"{where} thought until its {thought} tokens were used up, and wrote nothing. "
            "Raise models.max_new_tokens, or turn thinking off with extra_body."
        )
    else:
        sentence = f"{where} wrote nothing. Ask again; if it stays so, read that server's log."
    return ServerFailure(EngineFailed(sentence), Again.ELSEWHERE)


def cut_off(server: Server, url: str) -> ServerFailure:
    """The stream ended before the text did."""
    sentence = f"The server '{server.name}' at {shown(url)} stopped in the middle of its text. Ask again."
    return ServerFailure(EngineFailed(sentence), Again.HERE, broken=True)


def too_slow(server: Server, url: str, seconds: float, *, begun: bool, grave: bool = False) -> ServerFailure:
    """Nothing came for too long. It is not asked again, since waiting would take as long once more."""
    where = f"The server '{server.name}' at {shown(url)}"
    setting = "between_seconds" if begun else "first_token_seconds"
    sentence = f"{where} wrote nothing for {seconds:g} seconds. Ask later, or raise {setting}."
    return ServerFailure(EngineFailed(sentence), Again.ELSEWHERE, broken=True, grave=grave)


def too_long(server: Server, tokens: int | None = None, limit: int | None = None) -> ServerFailure:
    """The prompt does not fit: it has about `tokens`, and the model can look at `limit`."""
    sizes = [f"about {tokens} tokens"] if tokens else []
    limit = limit or server.context_tokens
    sizes += [f"it can look at {limit} tokens"] if limit else []
    known = f": {', and '.join(sizes)}" if sizes else ""
    sentence = f"The text is too long for the model '{server.model}'{known}. Shorten it, or split it up."
    return ServerFailure(ContextTooLong(sentence), Again.NEVER)


def _by_status(error: object, server: Server, where: str) -> ServerFailure:
    import openai

    assert isinstance(error, openai.APIStatusError)
    status = error.status_code
    if status in (400, 413, 422) and _TOO_LONG.search(f"{error.code} {error.message}"):
        return too_long(server)
    if status in (401, 403):
        sentence = f"{where} refuses the key. Set PARLEY_MODELS__SERVERS__{server.name.upper()}__API_KEY anew."
        return ServerFailure(EngineFailed(sentence), Again.NEVER)
    if status == 404:
        sentence = f"{where} does not know the model '{server.model}', or base_url leads elsewhere (most end in /v1)."
        return ServerFailure(EngineFailed(sentence), Again.NEVER)
    if status in _BUSY:
        sentence = f"{where} has too much to do (HTTP {status}). Ask again in a while."
        return ServerFailure(Overloaded(sentence), Again.HERE, wait=_retry_after(error))
    if status >= 500:
        sentence = f"{where} failed (HTTP {status}). Ask again; if it stays so, read that server's log."
        return ServerFailure(EngineFailed(sentence), Again.HERE, broken=True)
    named = [part for part in (error.param, error.code) if part and _PLAIN.fullmatch(part) and not part.isdigit()]
    about = f" because of {' '.join(named)}" if named else ""
    sentence = f"{where} refused the request (HTTP {status}){about}. Check model and extra_body; its log says more."
    return ServerFailure(EngineFailed(sentence), Again.NEVER, about=error.param or "")


def _retry_after(error: object) -> float | None:
    import openai

    assert isinstance(error, openai.APIStatusError)
    try:
        seconds = float(error.response.headers.get("retry-after", ""))
    except ValueError:  # none, or a date, which no server of models sends
        return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None
