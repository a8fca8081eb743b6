"""Documents: taught by admins, worked on for everybody, refused where they are too large."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.delivery.access import AccessOptions
from tests.support.telegram_bench import SOON, Bench, bench

GUIDE = b"# Gift cards\n\nGift cards are valid for three years. They cannot be exchanged for cash.\n"
QUESTION = "How long are gift cards valid?"


def fetched(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "incoming").rglob("*") if path.is_file())


async def test_an_admin_teaches_and_takes_it_back(home: Path) -> None:
    async with bench(home, default_skill="answer") as bot:
        admin = bot.server.person("Admin")
        await _with(bot, admins=[admin.id])
        chat = admin.private_chat()
        await admin.sends_document(chat, "cards.md", GUIDE, caption="/learn")
        learned = await chat.answer()
        assert "Gift cards" in learned.text
        await chat.says(admin, QUESTION)
        assert "three years" in (await chat.answer()).text
        await chat.presses(admin, learned.last, "Undo")
        await chat.answer()
        await chat.says(admin, QUESTION)
        assert "three years" not in (await chat.answer()).text


async def test_a_reply_to_a_document_teaches_it(home: Path) -> None:
    async with bench(home, default_skill="answer") as bot:
        admin = bot.server.person("Admin")
        await _with(bot, admins=[admin.id])
        chat = admin.private_chat()
        sent = await admin.sends_document(chat, "cards.md", GUIDE)
        assert "/summarise" in (await chat.answer()).text
        await chat.replies(admin, sent, "/learn")
        assert "Gift cards" in (await chat.answer()).text


async def test_in_an_admin_chat_every_document_is_learned(home: Path) -> None:
    async with bench(home, default_skill="answer") as bot:
        clerk = bot.server.person("Clerk")
        office = bot.server.supergroup("Office", clerk)
        await _with(bot, admin_chats=[office.id])
        await clerk.sends_document(office, "cards.md", GUIDE, caption="the new ones")
        assert "Gift cards" in (await office.answer()).text


async def test_others_are_told_that_only_admins_may(home: Path) -> None:
    async with bench(home, default_skill="answer") as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        await alice.sends_document(chat, "cards.md", GUIDE, caption="/learn")
        assert "admin" in (await chat.answer()).text
        assert not bot.server.calls("getFile")
        await chat.says(alice, QUESTION)
        assert "three years" not in (await chat.answer()).text


async def test_a_command_without_words_works_on_the_document(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        sent = await alice.sends_document(chat, "cards.md", GUIDE)
        await chat.answer()
        await chat.replies(alice, sent, "/chat")
        assert (await chat.answer()).text.startswith("You said: # Gift cards")


async def test_a_document_that_is_too_large_is_not_fetched(home: Path) -> None:
    async with bench(home) as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        await alice.sends_document(chat, "big.md", b"x" * 1_000_001, caption="/summarise")
        answer = await chat.answer()
        assert "“big.md” is too large: at most 1 MB fit" in answer.text
        assert not bot.server.calls("getFile")
        assert fetched(home) == []


async def test_a_document_that_cannot_be_fetched_is_told_so(home: Path) -> None:
    async with bench(home) as bot:
        bot.server.fail("getFile", code=400, description="Bad Request: wrong file_id")
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        await alice.sends_document(chat, "cards.md", GUIDE, caption="/summarise")
        assert "send it again" in (await chat.answer()).text


async def test_a_slow_download_holds_up_nobody_and_is_confirmed_last(home: Path) -> None:
    async with bench(home) as bot:
        bot.server.slow("getFile", 0.5)
        alice, bo = bot.server.person("Alice"), bot.server.person("Bo")
        await alice.sends_document(alice.private_chat(), "cards.md", GUIDE, caption="/chat")
        await bot.server.until(lambda: bot.server.calls("getFile"))
        await bo.private_chat().says(bo, "/chat hello")
        assert (await bo.private_chat().answer(0.45)).text == "You said: hello"
        pending = [update["update_id"] for update in bot.server.world.updates.pending]
        assert len(pending) == 2  # the file's, and Bo's behind it
        assert "ift cards" in (await alice.private_chat().answer()).text
        assert len(fetched(home)) <= 1
        await bot.server.until(lambda: not bot.server.world.updates.pending)
        assert len(await bot.turns()) == 2


async def test_nothing_is_fetched_for_strangers(home: Path) -> None:
    async with bench(home, access=AccessOptions("allowlist")) as bot:
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        await alice.sends_document(chat, "cards.md", GUIDE, caption="/summarise")
        assert "let in" in (await chat.answer()).text
        assert not bot.server.calls("getFile")


async def test_a_file_that_never_comes_does_not_hold_up_what_follows(home: Path) -> None:
    async with bench(home, timing=replace(SOON, download=0.05)) as bot:
        bot.server.slow("getFile", 30)
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        await alice.sends_document(chat, "cards.md", GUIDE, caption="/summarise")
        assert "send it again" in (await chat.answer()).text
        await bot.server.until(lambda: not bot.server.world.updates.pending)


async def test_a_full_disk_is_told(home: Path) -> None:
    async with bench(home) as bot:
        (home / "incoming").write_text("a file where a folder should be")
        alice = bot.server.person("Alice")
        chat = alice.private_chat()
        await alice.sends_document(chat, "cards.md", GUIDE, caption="/summarise")
        assert "send it again" in (await chat.answer()).text


async def _with(bot: Bench, **settings: object) -> None:
    await bot.stop()
    bot.settings = settings
    await bot.start()
