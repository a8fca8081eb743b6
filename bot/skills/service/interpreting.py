"""`/settings translate en, zh`: every message of a conversation is answered with its translation."""

from __future__ import annotations

import re
from itertools import permutations

from bot.domain import Reply
from bot.domain.conversation import TRANSLATE, interpreted
from bot.errors import InvalidInput, ModelUnavailable
from bot.skills.base import SkillRequest, Toolbox
from bot.skills.service.base import ServiceSkill, turn_of
from bot.skills.wording import language_code, name_in_sentence

_SEPARATORS = re.compile(r"[\s,，、;；/|+]+")
_OFF = frozenset({"off", "none", "stop", "default", "关", "关闭", "停止"})
MOST = 4  # languages: each message is translated into all but its own


async def set_interpreting(skill: ServiceSkill, rest: str, request: SkillRequest, tools: Toolbox) -> Reply:
    """Set, or end, what languages a conversation is translated between. Raises InvalidInput."""
    turn, language = turn_of(request), request.language
    if turn.origin.group and not turn.origin.admin:
        return skill.told(tools.texts("settings-admins", language), language)
    values = dict(await tools.people.conversation_values(turn.conversation_id))
    if rest.strip() in _OFF:
        values.pop(TRANSLATE, None)
        await tools.people.set_conversation_values(turn.conversation_id, values)
        return skill.told(tools.texts("settings-translate-off", language), language)
    codes = _codes(rest)
    missing = await _untranslatable(codes, tools)
    if missing:
        pair = [name_in_sentence(code, language) for code in missing]
        return skill.told(tools.texts("translate-not-here", language, source=pair[0], target=pair[1]), language)
    values[TRANSLATE] = ",".join(codes)
    await tools.people.set_conversation_values(turn.conversation_id, values)
    return skill.told(interpreting_line(values, language, tools), language)


def interpreting_line(values: dict[str, str], language: str, tools: Toolbox) -> str:
    """What holds now, as a sentence; empty where nothing is translated."""
    codes = interpreted(values)
    if not codes:
        return ""
    comma = "、" if language == "zh" else ", "
    names = comma.join(name_in_sentence(code, language) for code in codes)
    return tools.texts("settings-translate-on", language, languages=names)


def _codes(rest: str) -> list[str]:
    """Language codes from names or codes. Raises InvalidInput for an unknown one, or other than two to MOST."""
    names = [name for name in _SEPARATORS.split(rest) if name]
    codes = []
    for name in names:
        code = language_code(name)
        if code is None:
            raise InvalidInput(f"Unknown language “{name}”.", text_id="translate-unknown-language", name=name)
        codes.append(code)
    codes = list(dict.fromkeys(codes))
    if not 2 <= len(codes) <= MOST:
        raise InvalidInput("Write /settings translate en, zh.", text_id="settings-translate-how", most=MOST)
    return codes


async def _untranslatable(codes: list[str], tools: Toolbox) -> tuple[str, str] | None:
    """The first pair that no model here translates: said now, instead of under every message."""
    for source, target in permutations(codes, 2):
        try:
            await tools.models.translator(source, target)
        except ModelUnavailable:
            return source, target
    return None
