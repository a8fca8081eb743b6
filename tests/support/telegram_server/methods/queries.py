"""Answers to pressed buttons and to inline questions."""

from __future__ import annotations

from typing import Any

from tests.support.telegram_server.calls import Call
from tests.support.telegram_server.errors import bad_request, stale_query
from tests.support.telegram_server.methods.reading import LONGEST_TEXT, formatted, keyboard
from tests.support.telegram_server.methods.registry import method
from tests.support.telegram_server.world import Query, World

MOST_RESULTS = 50


def _waiting(world: World, query_id: Any) -> Query:
    query = world.queries.get(str(query_id))
    if query is None or world.clock.now() > query.expires_at:
        raise stale_query()
    return query


@method("answerCallbackQuery")
async def answer_callback_query(world: World, call: Call) -> bool:
    """True; refused where the query is too old, or none of this server."""
    query = _waiting(world, call.params.get("callback_query_id"))
    if len(str(call.params.get("text") or "")) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    query.answer = query.answer or dict(call.params)  # what came first is what the person saw
    world.bell.ring()
    return True


def _check_result(result: Any) -> str:
    if not isinstance(result, dict) or not 1 <= len(str(result.get("id", "")).encode()) <= 64:
        raise bad_request("RESULT_ID_INVALID")
    if result.get("type") == "article" and not result.get("title"):
        raise bad_request("can't parse inline query result: Can't find field \"title\"")
    content = result.get("input_message_content")
    if content is not None:
        text, _ = formatted(content, "message_text", most=LONGEST_TEXT, too_long="MESSAGE_TOO_LONG")
        if not text:
            raise bad_request("message text is empty")
    keyboard(result)
    return str(result["id"])


@method("answerInlineQuery")
async def answer_inline_query(world: World, call: Call) -> bool:
    """True; up to 50 results, each with an id of its own."""
    query = _waiting(world, call.params.get("inline_query_id"))
    results: Any = call.params.get("results")
    if not isinstance(results, list):
        raise bad_request("can't parse inline query results: an Array is expected")
    if len(results) > MOST_RESULTS:
        raise bad_request("RESULTS_TOO_MUCH")
    ids = [_check_result(result) for result in results]
    if len(set(ids)) < len(ids):
        raise bad_request("RESULT_ID_DUPLICATE")
    query.answer = query.answer or dict(call.params)  # what came first is what the person saw
    world.bell.ring()
    return True
