"""People: they write, press, block, and ask inline."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass, field
from typing import Any

from tests.support.telegram_server.chats import Chat
from tests.support.telegram_server.messages import Json, Message, User
from tests.support.telegram_server.places import Place
from tests.support.telegram_server.world import World

INLINE_SECONDS = 10.0


@dataclass(slots=True)
class Person:
    """Somebody with a Telegram account. ``user`` is how the bot sees them."""

    world: World = field(repr=False)
    user: User

    @property
    def id(self) -> int:
        """Their user id, which is also the id of their private chat."""
        return self.user.id

    def private_chat(self) -> Place:
        """Their chat with the bot, which they have started."""
        chat = self.world.chats.setdefault(self.id, Chat(self.id, "private", person=self.user))
        return Place(self.world, chat)

    async def sends_document(
        self,
        place: Place,
        name: str,
        data: bytes,
        caption: str = "",
        *,
        mime: str | None = None,
        reply_to: Message | None = None,
    ) -> Message:
        """Upload a file, which the bot may then fetch with getFile."""
        kind = mime or mimetypes.guess_type(name)[0] or "application/octet-stream"
        document = self.world.store(name, data, kind)
        return await place.says(self, caption, reply_to=reply_to, document=document)

    def blocks_bot(self) -> None:
        """Block the bot; it learns so by ``my_chat_member``, and by 403 when it writes."""
        self._turns("member", "kicked")

    def unblocks_bot(self) -> None:
        """Let the bot write again."""
        self._turns("kicked", "member")

    def _turns(self, before: str, after: str) -> None:
        place = self.private_chat()
        place.chat.bot_status = after
        place.tell_of_bot(self, before, after)

    async def inline(self, question: str, *, offset: str = "", within: float = 10.0) -> list[Json]:
        """Type ``@bot question`` somewhere; the results that the bot offers.

        Raises:
            TimeoutError: the bot offered none within ``within`` seconds of loop time.
        """
        query = self.world.ask(INLINE_SECONDS)
        told = {"id": query.id, "from": self.user.to_json(), "query": question, "offset": offset, "chat_type": "sender"}
        self.world.updates.push("inline_query", told)
        answer = await self.world.bell.until(lambda: query.answer, within, "an answer to an inline query")
        assert answer is not None
        results: list[Json] = answer["results"]
        return results

    async def chooses(self, result: Json, place: Place, question: str = "") -> Message:
        """Tap a result: it is written into the chat in their name, via the bot; the bot is told of both."""
        content: Any = result.get("input_message_content", {})
        message = self.world.write(
            place.chat,
            self.user,
            content.get("message_text", ""),
            content.get("entities"),
            topic=place.thread,
            via_bot=self.world.bot,
            markup=result.get("reply_markup"),
        )
        told = {"result_id": result["id"], "from": self.user.to_json(), "query": question}
        self.world.updates.push("chosen_inline_result", told)
        self.world.updates.push("message", message.to_json())
        return message
