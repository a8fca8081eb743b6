"""`/start`: the greeting, with questions to begin with; `/start faq-42`: the answer that a link leads to."""

from __future__ import annotations

from bot.domain import Choice, Reply
from bot.skills.answering.replies import document_reply
from bot.skills.base import SkillRequest, Toolbox
from bot.skills.service.base import ServiceSkill
from bot.skills.service.deep_link import linked_document

EXAMPLES = 3


class StartSkill(ServiceSkill):
    """Greets as the persona does; a link's document is answered with, as the skill `answer` does."""

    name = "start"
    commands = ("start",)

    async def reply(self, request: SkillRequest, tools: Toolbox) -> Reply:
        document = await linked_document(request.text, request.language, tools.library)
        if document is not None:
            return document_reply(document, request, tools)
        return await self._greeting(request, tools)

    async def _greeting(self, request: SkillRequest, tools: Toolbox) -> Reply:
        language = request.language
        own = request.persona.greeting.get(language) if request.persona else None
        lines = [own or tools.texts("start-greeting", language), tools.texts("start-help", language)]
        questions = await tools.library.questions(language, EXAMPLES)
        if questions:
            lines.append(tools.texts("start-examples", language))
        choices = tuple(Choice(question, question) for question in questions)
        return self.told("\n\n".join(lines), language, choices=choices, private=False)
