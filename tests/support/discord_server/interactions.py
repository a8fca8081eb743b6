"""Interactions: what a person started, and what the bot's response shows them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .basics import Json
from .messages import LOADING, Message, walk
from .world import World, loop_time

if TYPE_CHECKING:
    from .channels import Channel
    from .people import Person

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
SECONDS_TO_RESPOND = 3.0
SECONDS_OF_TOKEN = 15 * 60.0
_SIZE_LIMIT = 10 * 1024 * 1024


@dataclass
class Response:
    """What the person sees of the bot's response, now."""

    kind: int | None = None
    message: Message | None = None
    followups: list[Message] = field(default_factory=list)
    modal: Json | None = None
    choices: list[Json] | None = None
    failed: bool = False

    @property
    def deferred(self) -> bool:
        """The bot "is thinking"."""
        return self.message is not None and self.message.loading and not self.message.deleted

    @property
    def text(self) -> str:
        return self.message.content if self.message is not None and not self.message.deleted else ""

    @property
    def embeds(self) -> list[Json]:
        return self.message.embeds if self.message is not None else []

    @property
    def buttons(self) -> list[str]:
        return self.message.buttons if self.message is not None else []

    @property
    def ephemeral(self) -> bool:
        return self.message is not None and self.message.ephemeral

    def texts(self) -> list[str]:
        """The response and its follow-ups, oldest first, as far as they are still there."""
        first = [self.message] if self.message is not None else []
        return [one.content for one in [*first, *self.followups] if not one.deleted]


@dataclass(eq=False)
class Interaction:
    """One use of a command, a component, a modal or an autocomplete field."""

    world: World
    person: Person
    channel: Channel
    type: int
    data: Json
    message: Message | None = None
    parent: Interaction | None = None
    id: int = 0
    token: str = ""
    created: float = field(default_factory=loop_time)
    response: Response = field(default_factory=Response)

    def __post_init__(self) -> None:
        self.id = self.world.ids.next()
        self.token = self.world.new_token()
        self.world.interactions[self.token] = self

    @property
    def expired(self) -> bool:
        """The token has outlived its 15 minutes."""
        return loop_time() > self.created + SECONDS_OF_TOKEN

    async def starts(self, wait: bool) -> Interaction:
        """Send it to the bot; with wait until the bot responded or the 3 seconds are over."""
        asyncio.get_running_loop().call_later(SECONDS_TO_RESPOND, self._give_up)
        self.world.emit("INTERACTION_CREATE", self.payload(), self.channel.guild_id)
        if wait:
            response = self.response
            await self.world.until(lambda: response.kind is not None or response.failed, SECONDS_TO_RESPOND * 2)
        return self

    def _give_up(self) -> None:
        """The person reads "The application did not respond"."""
        self.response.failed = self.response.kind is None
        self.world.changed()

    async def answers(self, within: float = 10.0) -> list[Message]:
        """The response's messages once none is pending and none changed for `settle` seconds of loop time."""

        def last_change() -> float | None:
            found = self._messages()
            if not found or any(message.loading for message in found):
                return None
            return max(message.touched for message in found)

        await self.world.settled(last_change, within, "the response's text")
        return self._messages()

    async def answer(self, within: float = 10.0) -> Message:
        """The response when it is finished, which must be one message."""
        found = await self.answers(within)
        assert len(found) == 1, f"{len(found)} messages instead of one: {[message.text[:80] for message in found]}"
        return found[0]

    def _messages(self) -> list[Message]:
        first = [self.response.message] if self.response.message is not None else []
        return [one for one in [*first, *self.response.followups] if not one.deleted]

    async def submits(self, fields: Mapping[str, str | list[str]], *, wait: bool = True) -> Interaction:
        """Send off the modal that the bot showed; fields by label or custom id.

        Raises AssertionError for wrong ones.
        """
        modal = self.response.modal
        assert modal is not None, "No modal was shown."
        rest = dict(fields)
        parts = [_filled(part, rest) for part in modal["components"]]
        assert not rest, f"The modal has no field {', '.join(rest)}."
        data = {"custom_id": modal["custom_id"], "components": parts}
        made = Interaction(self.world, self.person, self.channel, MODAL_SUBMIT, data, self.message, parent=self)
        return await made.starts(wait)

    # As JSON

    def payload(self) -> Json:
        guild = self.channel.guild
        bot_id = str(self.world.bot.id)
        found: Json = {
            "id": str(self.id),
            "application_id": bot_id,
            "type": self.type,
            "token": self.token,
            "version": 1,
            "data": self.data,
            "channel_id": str(self.channel.id),
            "channel": self.channel.payload() | {"permissions": str(self.channel.permissions(self.person))},
            "app_permissions": str(self.channel.permissions(self.world.bot)),
            "locale": self.person.locale,
            "entitlements": [],
            "authorizing_integration_owners": {"0": str(guild.id) if guild is not None else "0"},
            "context": 0 if guild is not None else 1,
            "attachment_size_limit": _SIZE_LIMIT,
        }
        if guild is not None:
            permissions = str(self.channel.permissions(self.person))
            found["member"] = guild.members[self.person.id].payload() | {"permissions": permissions}
            found["guild"] = {"id": str(guild.id), "locale": guild.locale, "features": []}
            found |= {"guild_id": str(guild.id), "guild_locale": guild.locale}
        else:
            found["user"] = self.person.payload()
        if self.message is not None:
            found["message"] = self.message.payload()
        return found

    def metadata(self) -> Json:
        """The field interaction_metadata of the messages that respond to it."""
        owner = str(self.channel.guild_id or 0)
        found: Json = {
            "id": str(self.id),
            "type": self.type,
            "user": self.person.payload(),
            "authorizing_integration_owners": {"0": owner},
        }
        if self.type == COMMAND:
            found |= {"name": self.data["name"], "command_type": self.data["type"]}
        if self.type == COMPONENT and self.message is not None:
            found["interacted_message_id"] = str(self.message.id)
        if self.type == MODAL_SUBMIT and self.parent is not None:
            found["triggering_interaction_metadata"] = self.parent.metadata()
        return found


def _filled(part: Json, rest: dict[str, str | list[str]]) -> Json:
    """A modal's component with what the person filled in; used fields are taken out of `rest`."""
    if part["type"] == 1:
        return {"type": 1, "components": [_filled(inner, rest) for inner in part["components"]]}
    if part["type"] == 18:
        inner = part["component"]
        value = rest.pop(part["label"], None) if part["label"] in rest else rest.pop(inner["custom_id"], None)
        return {"type": 18, "component": _value(inner, value)}
    if part["type"] == 10:
        return {"type": 10, "id": part.get("id", 0)}
    label = part.get("label") or ""
    return _value(part, rest.pop(label, None) if label in rest else rest.pop(part["custom_id"], None))


def _value(part: Json, value: str | list[str] | None) -> Json:
    required = part.get("required", True)
    assert value is not None or not required or "value" in part, f"The field {part['custom_id']} is required."
    if part["type"] == 4:
        text = value if isinstance(value, str) else part.get("value", "")
        assert len(text) <= part.get("max_length", 4000), f"The field {part['custom_id']} takes less text."
        return {"type": 4, "custom_id": part["custom_id"], "value": text}
    chosen = [value] if isinstance(value, str) else list(value or [])
    return {"type": part["type"], "custom_id": part["custom_id"], "values": chosen}


def clear_loading(message: Message) -> None:
    message.flags &= ~LOADING


def find_part(components: list[Json], wanted: str, kinds: set[int], names: tuple[str, ...]) -> Json | None:
    """The first component of these types whose named field or custom id is `wanted`."""
    for part in walk(components):
        if part["type"] in kinds and (part.get("custom_id") == wanted or any(part.get(n) == wanted for n in names)):
            return part
    return None
