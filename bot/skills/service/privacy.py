"""`/privacy`: what is kept, where, who operates it, and how to delete it."""

from __future__ import annotations

from bot.domain import Reply
from bot.skills.base import SkillRequest, Toolbox
from bot.skills.service.base import ServiceSkill


class PrivacySkill(ServiceSkill):
    """Parley's own part is what the code does; the operator adds who they are and what else holds."""

    name = "privacy"
    commands = ("privacy",)

    async def reply(self, request: SkillRequest, tools: Toolbox) -> Reply:
        language = request.language
        own = [
            tools.texts("privacy-what", language),
            tools.texts("privacy-where", language),
            tools.texts("privacy-delete", language),
        ]
        operator = tools.options.privacy.strip() or tools.texts("privacy-operator", language)
        return self.told("\n\n".join((*own, operator)), language)
