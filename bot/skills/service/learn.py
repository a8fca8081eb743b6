"""`/learn`: an admin's files go into the knowledge base, with a preview of what was read and a way back."""

from __future__ import annotations

import logging

from bot.domain import Choice, File, Reply
from bot.domain.text import separator
from bot.errors import KnowledgeError
from bot.ports import Learned, Reason
from bot.skills.base import SkillRequest, Toolbox
from bot.skills.reasons import said
from bot.skills.service.base import ServiceSkill, turn_of
from bot.skills.wording import name_in_sentence

log = logging.getLogger(__name__)


class LearnSkill(ServiceSkill):
    """`/learn` with a file, or in reply to one; `/learn undo KEY` brings back what was there before."""

    name = "learn"
    commands = ("learn",)

    async def reply(self, request: SkillRequest, tools: Toolbox) -> Reply:
        turn, language = turn_of(request), request.language
        if not turn.origin.admin:
            return self.told(tools.texts("admins-only", language, command=self.name), language)
        word, _, key = request.text.partition(" ")
        if word.casefold() == "undo" and key.strip():
            done = "learn-undone" if await tools.library.undo(key.strip()) else "learn-undo-gone"
            return self.told(tools.texts(done, language), language)
        if not turn.origin.files:
            return self.told(tools.texts("learn-how", language), language)
        learned = [await _learn(file, tools) for file in turn.origin.files]
        several = len(learned) > 1
        choices = tuple(
            Choice(_undo_label(one, several, language, tools), f"/learn undo {one.undo}") for one in learned if one.undo
        )
        return self.told("\n\n".join(_told(one, language, tools) for one in learned), language, choices=choices)


async def _learn(file: File, tools: Toolbox) -> Learned:
    """Where one of several files fails, the others are told of all the same."""
    try:
        return await tools.library.learn(file)
    except KnowledgeError as error:
        log.warning("a file was not learned: %s", type(error).__name__)
        return Learned(file.name, "refused", reasons=[Reason("knowledge-unavailable")])


def _undo_label(learned: Learned, several: bool, language: str, tools: Toolbox) -> str:
    label = tools.texts("learn-undo-label", language)
    return f"{label}: {learned.name}" if several else label


def _told(learned: Learned, language: str, tools: Toolbox) -> str:
    """What became of one file: its lot, what was read, and how it begins."""
    lines = [_lot(learned, language, tools)]
    if learned.status == "refused":
        return lines[0]
    read = "learn-read-again" if learned.status == "unchanged" else "learn-read"
    lines.append(
        tools.texts(
            read,
            language,
            title=learned.title,
            documents=learned.documents,
            passages=learned.passages,
            language=name_in_sentence(learned.language, language),
        )
    )
    lines += [f"> {line}" for line in learned.preview.splitlines() if line.strip()]
    if learned.reasons:
        lines.append(tools.texts("learn-left-out", language, reason=_reason(learned, language, tools)))
    return "\n".join(lines)


def _lot(learned: Learned, language: str, tools: Toolbox) -> str:
    match learned.status:
        case "added":
            return tools.texts("learn-added", language, name=learned.name)
        case "replaced":
            return tools.texts("learn-replaced", language, name=learned.name)
        case "unchanged":
            return tools.texts("learn-unchanged", language, name=learned.name)
        case _:
            reason = _reason(learned, language, tools)
            return tools.texts("learn-refused", language, name=learned.name, reason=reason)


def _reason(learned: Learned, language: str, tools: Toolbox) -> str:
    told = separator(language).join(said(reason, language, tools.texts) for reason in learned.reasons)
    return f"{told} …" if learned.more else told
