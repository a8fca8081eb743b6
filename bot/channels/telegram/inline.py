"""Inline mode: `@name question` in any chat, answered from the knowledge base without a model."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence

from telegram import (
    InlineQuery,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    LinkPreviewOptions,
)

from bot.channels.telegram import convert, markup
from bot.channels.telegram.background import Background
from bot.channels.telegram.errors import door
from bot.channels.telegram.split import split
from bot.domain import User
from bot.ports import DocumentKind, Hit, Knowledge, LanguageTools, SearchResult, Texts

log = logging.getLogger(__name__)

RESULTS = 8
KEPT_FOR = 60.0  # seconds, here and at Telegram
MOST_KEPT = 512
NEAR_ENOUGH = 0.5  # of the confidence that an answer needs: a person who is typing has not said all yet
WITHIN = 8.0  # seconds; Telegram drops later answers

Admits = Callable[[User], Awaitable[bool]]
Questions = Callable[[str, int], Awaitable[Sequence[str]]]
Found = tuple[InlineQueryResultArticle, ...]


class Inline:
    """Answers inline queries. A person's newer query takes the place of one that is still being searched for."""

    def __init__(
        self,
        knowledge: Knowledge,
        texts: Texts,
        languages: LanguageTools,
        background: Background,
        admits: Admits,
        questions: Questions | None = None,
    ) -> None:
        self._knowledge = knowledge
        self._texts = texts
        self._languages = languages
        self._background = background
        self._admits = admits
        self._questions = questions
        self._kept: OrderedDict[tuple[str, str], tuple[float, Found]] = OrderedDict()
        self._searching: dict[int, asyncio.Task[None]] = {}

    def answer(self, query: InlineQuery) -> None:
        """Answer in the background: nothing is to be kept, and the intake does not wait."""
        older = self._searching.pop(query.from_user.id, None)
        if older is not None:
            older.cancel()
        task = self._background.start(self._answer(query))
        self._searching[query.from_user.id] = task
        task.add_done_callback(lambda done: self._forget(query.from_user.id, done))

    def _forget(self, person: int, task: asyncio.Task[None]) -> None:
        if self._searching.get(person) is task:
            del self._searching[person]

    async def _answer(self, query: InlineQuery) -> None:
        user = convert.of_user(query.from_user)
        if user is None:
            return
        locale = convert.locale(query.from_user) or "en"
        async with asyncio.timeout(WITHIN):
            admitted = await self._admits(user)
            found = await self._found(query.query.strip(), locale) if admitted else ()
            button = None
            if not found:
                text = self._texts("telegram-inline-ask", locale)
                button = InlineQueryResultsButton(text, start_parameter="inline")
            with door():
                await query.answer(found, cache_time=int(KEPT_FOR) if admitted else 0, is_personal=True, button=button)

    async def _found(self, text: str, locale: str) -> Found:
        now = asyncio.get_running_loop().time()
        key = (locale, text.casefold())
        kept_until, found = self._kept.get(key, (0.0, ()))
        if kept_until <= now:
            found = await self._search(text, locale) if text else await self._examples(locale)
            self._kept[key] = (now + KEPT_FOR, found)
            self._kept.move_to_end(key)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found

    async def _examples(self, locale: str) -> Found:
        """Questions to begin with, with their answers, while nothing is typed."""
        questions = await self._questions(locale, RESULTS) if self._questions is not None else ()
        found: OrderedDict[str, InlineQueryResultArticle] = OrderedDict()
        for question in questions:
            hits = (await self._knowledge.search(question, 1)).hits
            if hits:
                article = _article(hits[0])
                found.setdefault(article.id, article)
        return tuple(found.values())

    async def _search(self, text: str, locale: str) -> Found:
        result = await self._knowledge.search(text[:512], RESULTS, self._languages.detect(text, locale))
        return tuple(_article(hit) for hit in result.hits if hit.confidence >= NEAR_ENOUGH * _needed(result, hit))


def _needed(result: SearchResult, hit: Hit) -> float:
    prose = hit.document.kind is not DocumentKind.FAQ
    return result.thresholds.answerable_prose if prose else result.thresholds.answerable


def _article(hit: Hit) -> InlineQueryResultArticle:
    """An FAQ entry with its question and answer, or the passage of an article under its title."""
    document = hit.document
    text = document.text if document.kind is DocumentKind.FAQ else hit.passage.text
    title = " ".join(document.title.split()) or document.id
    shown = split(markup.render(f"**{title}**\n\n{text}"))[0]
    return InlineQueryResultArticle(
        id=hashlib.blake2s(hit.passage.document_id.encode(), digest_size=16).hexdigest(),
        title=title[:200],
        description=" ".join(markup.render(text).text.split())[:200],
        input_message_content=InputTextMessageContent(
            shown.text, entities=shown.entities, link_preview_options=LinkPreviewOptions(is_disabled=True)
        ),
    )
