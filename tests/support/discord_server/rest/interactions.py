"""Responses to interactions: the callback, the original response, follow-ups."""

from __future__ import annotations

from tests.support.discord_server import posting
from tests.support.discord_server.basics import ApiError, Json, invalid_form, unknown
from tests.support.discord_server.checking import check_choices, check_message, check_modal, check_not_empty, required
from tests.support.discord_server.interactions import (
    AUTOCOMPLETE,
    COMPONENT,
    MODAL_SUBMIT,
    SECONDS_TO_RESPOND,
    Interaction,
    clear_loading,
)
from tests.support.discord_server.messages import EPHEMERAL, LOADING, MENU, REPLY, SLASH, Message
from tests.support.discord_server.world import World, loop_time

from .calls import Call, Reply
from .messages import change, message_fields

PONG, MESSAGE, THINKING, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 1, 4, 5, 6, 7, 8, 9


async def callback(world: World, call: Call) -> Reply:
    """The first response, within 3 seconds (else 10062) and only once (else 40060)."""
    found = world.interactions.get(call.names["token"])
    if found is None or found.id != call.id("interaction_id") or _is_late(found):
        raise unknown(10062, "interaction")
    if found.response.kind is not None:
        raise ApiError(400, 40060, "Interaction has already been acknowledged.")
    kind = call.json.get("type")
    if not isinstance(kind, int):
        raise required("type")
    _respond(world, found, kind, call)
    found.response.kind = kind
    if call.query.get("with_response") not in ("1", "true", "True"):
        return Reply(status=204)
    return Reply(_callback_answer(found, kind))


def _is_late(found: Interaction) -> bool:
    return found.response.kind is None and loop_time() > found.created + SECONDS_TO_RESPOND


def _respond(world: World, found: Interaction, kind: int, call: Call) -> None:
    data: Json = call.json.get("data") or {}
    on_message = found.message is not None and found.type in (COMPONENT, MODAL_SUBMIT)
    if kind == MESSAGE and found.type != AUTOCOMPLETE:
        found.response.message = _post(world, found, data, call)
    elif kind == THINKING and found.type != AUTOCOMPLETE:
        flags = LOADING | (data.get("flags") or 0) & EPHEMERAL
        found.response.message = _add(world, found, "", {"flags": flags})
    elif kind == DEFERRED_UPDATE and on_message:
        found.response.message = found.message
    elif kind == UPDATE and on_message and found.message is not None:
        change(found.message, data, call.files)
        found.response.message = found.message
    elif kind == CHOICES and found.type == AUTOCOMPLETE:
        check_choices(data)
        found.response.choices = data.get("choices") or []
    elif kind == MODAL and found.type not in (AUTOCOMPLETE, MODAL_SUBMIT):
        check_modal(data)
        found.response.modal = data
    else:
        raise invalid_form("type", "INTERACTION_RESPONSE_TYPE_INVALID", "Not a response to this interaction.")


def _callback_answer(found: Interaction, kind: int) -> Json:
    message = found.response.message
    about: Json = {"id": str(found.id), "type": found.type}
    if message is not None:
        about |= {"response_message_id": str(message.id), "response_message_loading": message.loading}
        about["response_message_ephemeral"] = message.ephemeral
    resource: Json = {"type": kind}
    if message is not None and kind != DEFERRED_UPDATE:
        resource["message"] = message.payload()
    return {"interaction": about, "resource": resource}


def _post(world: World, found: Interaction, data: Json, call: Call) -> Message:
    fields = message_fields(found.channel, data, call.files)
    check_not_empty(data, len(call.files))
    fields["flags"] |= (data.get("flags") or 0) & EPHEMERAL
    return _add(world, found, data.get("content") or "", fields)


def _add(world: World, found: Interaction, text: str, fields: Json) -> Message:
    """A message of the bot that responds to this interaction."""
    kind = {1: SLASH, 2: MENU, 3: MENU}.get(found.data.get("type", 0), 0)
    target = found.message
    if target is not None:
        kind, fields = REPLY, fields | {"reference": target, "reference_id": target.id}
    hidden = found.person if fields["flags"] & EPHEMERAL else None
    return posting.post(
        found.channel, world.bot, text, **{"type": kind, "interaction": found, "visible_to": hidden} | fields
    )


# What the token allows afterwards


def _by_token(world: World, call: Call) -> Interaction:
    found = world.interactions.get(call.names["token"])
    if call.id("application_id") != world.bot.id or found is None or found.response.kind is None:
        raise unknown(10015, "Webhook")
    if found.expired:
        raise ApiError(401, 50027, "Invalid Webhook Token")
    return found


async def follow_up(world: World, call: Call) -> Reply:
    """Another message; right after "thinking" it takes the place of the original response instead."""
    found = _by_token(world, call)
    original = found.response.message
    if found.response.kind == THINKING and original is not None and original.loading and not original.deleted:
        return _edited(original, call)
    message = _post(world, found, call.json, call)
    found.response.followups.append(message)
    world.changed()
    return Reply(message.payload())


def _named(world: World, call: Call) -> tuple[Interaction, Message]:
    found = _by_token(world, call)
    name = call.names["message_id"]
    original = found.response.message
    if name == "@original":
        candidates = [original] if original is not None else []
    else:
        wanted = call.id("message_id")
        everything = [*found.response.followups, *([original] if original is not None else [])]
        candidates = [message for message in everything if message.id == wanted]
    alive = [message for message in candidates if not message.deleted]
    if not alive:
        raise unknown(10008, "Message")
    return found, alive[0]


async def get_message(world: World, call: Call) -> Reply:
    return Reply(_named(world, call)[1].payload())


async def edit_message(world: World, call: Call) -> Reply:
    return _edited(_named(world, call)[1], call)


def _edited(message: Message, call: Call) -> Reply:
    """Thinking ends with the first edit, which is not marked as one."""
    was_loading = message.loading
    if was_loading:
        check_message(call.json)
        check_not_empty(call.json, len(call.files))
        clear_loading(message)
    change(message, call.json, call.files)
    if was_loading:
        message.edited_at = None
        message.notify()
    return Reply(message.payload())


async def delete_message(world: World, call: Call) -> Reply:
    posting.delete([_named(world, call)[1]])
    return Reply(status=204)
