"""The prompt that asks a model to write an answer from passages."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain import Message, Persona, Role
from bot.domain.text import without_command
from bot.ports import ChatMessage, Hit

MAX_CONTEXT_CHARACTERS = 2400

_SYSTEM = {
    "en": "You answer visitors' questions. Use only the text that you are given. Answer in one or two full sentences, "
    "with the text's own words where you can. If the text does not answer the question, say: I do not know.",
    "zh": "你负责回答访客的问题。只能依据给出的资料回答，用一两句完整的话，尽量使用资料里的原话。"
    "如果资料没有回答这个问题，就说：我不知道。",
}
_LABELS = {
    "en": ("Text", "Earlier question", "Question", "The question is about this message"),
    "zh": ("资料", "上一个问题", "问题", "问题所指的消息"),
}
MAX_QUOTED_CHARACTERS = 600


def passages_for(hits: Sequence[Hit]) -> list[Hit]:
    """The best hits whose texts fit the room that the prompt gives them; always the first one."""
    chosen, room = list(hits[:1]), MAX_CONTEXT_CHARACTERS - (len(hits[0].passage.text) if hits else 0)
    for hit in hits[1:]:
        if len(hit.passage.text) <= room:
            chosen.append(hit)
            room -= len(hit.passage.text)
    return chosen


def build_prompt(
    question: str, hits: Sequence[Hit], language: str, history: Sequence[Message] = (), persona: Persona | None = None
) -> tuple[ChatMessage, ...]:
    """System prompt (the persona's, then the rule of using only the text), then passages and question."""
    key = language if language in _SYSTEM else "en"
    text_label, earlier_label, question_label, quoted_label = _LABELS[key]
    system = _SYSTEM[key]
    if persona is not None:
        system = f"{persona.instructions_for(language)}\n\n{system}"
    texts = "\n\n".join(" › ".join((*hit.passage.heading_path, "")) + hit.passage.text for hit in hits)
    lines = [f"{text_label}:\n{texts}", ""]
    if history and history[-1].turn_id == 0:
        lines.append(f"{quoted_label}: {history[-1].text[:MAX_QUOTED_CHARACTERS]}")
    elif earlier := _earlier_question(history):
        lines.append(f"{earlier_label}: {earlier}")
    lines.append(f"{question_label}: {question}")
    return ChatMessage("system", system), ChatMessage("user", "\n".join(lines))


def _earlier_question(history: Sequence[Message]) -> str | None:
    return next((without_command(message.text) for message in reversed(history) if message.role is Role.USER), None)
