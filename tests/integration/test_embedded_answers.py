"""The embedded models over the examples: what a newcomer sees, in both languages."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from bot.bootstrap import Parley
from bot.delivery.inbox import CONSOLE_USER
from bot.domain import Completed, Outcome, Reply
from bot.examples_folder import example_folder
from bot.settings import load_settings

MODELS = os.environ.get("PARLEY_TEST_MODELS", "")

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.skipif(not Path(MODELS).is_dir() or not MODELS, reason="PARLEY_TEST_MODELS names no folder"),
    # Libraries warn about what is theirs to mend.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


class Shop:
    """Parley over the example shop."""

    def __init__(self, parley: Parley) -> None:
        self.parley = parley

    async def reply(self, text: str, conversation: str) -> Reply:
        turn = await self.parley.inbox.accept(CONSOLE_USER, conversation, text)
        async with aclosing(self.parley.conductor.answer(turn)) as events:
            last = [event async for event in events][-1]
        assert isinstance(last, Completed), last
        return last.reply

    async def document(self, *said: str) -> str | None:
        """The document that the last of these turns is answered from."""
        conversation = f"console:{abs(hash(said))}"
        replies = [await self.reply(text, conversation) for text in said]
        return replies[-1].citations[0].document if replies[-1].citations else None


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    home = tmp_path_factory.mktemp("home")
    (home / "models").symlink_to(Path(MODELS).resolve())
    parley = Parley(load_settings(env={"PARLEY_HOME": str(home)}))
    parley.prepare(lambda _: None)
    refused = [outcome for outcome in parley.ingestor.add([example_folder("shop-faq")]) if outcome.reason]
    assert not refused
    yield Shop(parley)
    asyncio.run(parley.aclose())


@pytest.mark.parametrize(
    ("said", "document"),
    [
        ("How long do I have to send something back?", "return-window.en"),
        ("Do you sell gift cards?", "gift-cards.en"),
        ("你们有礼品卡吗", "gift-cards.zh"),
        ("我要开发票", "invoice.zh"),
    ],
)
async def test_paraphrases_find_their_entry(shop: Shop, said: str, document: str) -> None:
    assert await shop.document(said) == document


async def test_a_curated_answer_is_word_for_word(shop: Shop) -> None:
    entry = shop.parley.store.knowledge.document("return-window.zh")
    assert entry is not None
    reply = await shop.reply(entry.title, "console:curated")
    assert (reply.text, reply.outcome, reply.language) == (entry.text, Outcome.CURATED, "zh")


@pytest.mark.parametrize(
    "said",
    [("How do I get a refund for something I sent back?", "How long does it take?"),
     ("货我已经寄回去了，怎么退款", "要多久")],
)  # fmt: skip
async def test_a_follow_up_is_found_by_what_came_before(shop: Shop, said: tuple[str, str]) -> None:
    document = await shop.document(*said)
    assert document is not None and document.startswith("refund-time.")


@pytest.mark.parametrize(
    "said", ["Who won the football world cup in 1966?", "怎么做红烧肉？", "What is the boiling point of lead?"]
)
async def test_what_the_shop_does_not_know_is_said_so(shop: Shop, said: str) -> None:
    reply = await shop.reply(said, "console:unknown")
    assert (reply.outcome, reply.citations) == (Outcome.UNKNOWN, ())
    noted = await shop.parley.store.read(lambda work: [question.text for question in work.unanswered.list()])
    assert said in noted
