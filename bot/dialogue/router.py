"""Which skill takes a text: by its command, or the one that claims it most surely."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.dialogue.skill_book import SkillBook
from bot.errors import InvalidInput
from bot.skills import Skill, SkillMatch

MIN_CLAIM = 0.5  # less sure claims leave the text to the default skill

_COMMAND = re.compile(r"^/(?P<name>[^\W\d][^\s/@.,:;!?。，：；！？]*)(?:@\w+)?(?:\s+(?P<rest>.*))?$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Route:
    """The chosen skill, and how it reads the text."""

    skill: Skill
    match: SkillMatch
    claimed: bool = True  # by a command or by what was said; else the skill takes what is left


class Router:
    """Chooses by command first, then by the highest claim; the default skill claims what is left."""

    def __init__(self, skills: SkillBook, default: str = "answer") -> None:
        self._skills = skills
        self._default = default

    def interpreter(self, text: str, languages: Sequence[str]) -> Route | None:
        """The skill `translate`, where a conversation is translated between languages; commands stay commands."""
        skill = self._skills.named("translate")
        if not languages or skill is None or not text.strip() or _COMMAND.match(text):
            return None
        return Route(skill, SkillMatch(1.0, text, {"between": ",".join(languages)}))

    def route(self, text: str, language: str, default: str | None = None) -> Route:
        """Raises InvalidInput for an unknown command or one whose words do not fit."""
        command = _COMMAND.match(text)
        if command:
            skill = self._skills.of_command(command["name"])
            if skill is None:
                raise InvalidInput(
                    f"Unknown command /{command['name']}.", text_id="unknown-command", name=command["name"]
                )
            return Route(skill, skill.parse(command["rest"] or ""))
        claims = [
            Route(skill, match) for skill in self._skills if (match := skill.recognise(text, language)) is not None
        ]
        best = max(claims, key=lambda route: route.match.confidence, default=None)
        if best is not None and best.match.confidence >= MIN_CLAIM:
            return best
        fallback = self._skills.named(default or self._default)
        if fallback is None:
            raise InvalidInput(f"The skill “{default or self._default}” is not installed.")
        return Route(fallback, SkillMatch(0.1, text), claimed=False)
