"""What the service skills share: they have commands only, take no text from elsewhere, and reply at once."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from bot.domain import Attachment, Choice, Event, Outcome, Reply, Turn
from bot.errors import SkillFailed
from bot.ports import Texts
from bot.skills.base import SkillMatch, SkillRequest, Toolbox
from bot.skills.events import say


class ServiceSkill:
    """A skill that is reached by its command alone. A subclass gives the reply."""

    name = ""
    commands: tuple[str, ...] = ()

    def describe(self, language: str, texts: Texts) -> str:
        return texts(f"help-{self.name}", language)

    def parse(self, rest: str) -> SkillMatch:
        return SkillMatch(1.0, rest.strip(), needs_text=False)

    def recognise(self, text: str, language: str) -> SkillMatch | None:
        return None

    async def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
        for event in say(await self.reply(request, tools)):
            yield event

    async def reply(self, request: SkillRequest, tools: Toolbox) -> Reply:
        """The whole reply. Raises ParleyError."""
        raise NotImplementedError

    def told(
        self,
        text: str,
        language: str,
        *,
        choices: tuple[Choice, ...] = (),
        attachment: Attachment | None = None,
        private: bool = True,
    ) -> Reply:
        """Parley's own words, for the person who asked alone where the channel can do that."""
        return Reply(
            text,
            self.name,
            Outcome.SERVICE,
            language,
            choices=choices,
            attachment=attachment,
            private=private,
        )


def turn_of(request: SkillRequest) -> Turn:
    """The turn that called. Raises SkillFailed where a skill is run outside of a conversation."""
    if request.turn is None:
        raise SkillFailed("This works in a conversation only.")
    return request.turn


def marked(label: str, current: bool) -> str:
    """A choice's label, with a tick where it is what holds now."""
    return f"✓ {label}" if current else label
