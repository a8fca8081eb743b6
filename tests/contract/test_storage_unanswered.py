"""What every storage promises of unanswered questions."""

from __future__ import annotations

from bot.ports import Storage, UnitOfWork
from tests.support.storage import NOW, later


async def test_unanswered_questions_are_counted_case_and_spaces_aside(storage: Storage) -> None:
    def work(work: UnitOfWork) -> None:
        work.unanswered.note("Do you ship to Mars?", "en", 0.1, None, NOW)
        work.unanswered.note("能送到火星吗？", "zh", 0.2, "faq-1", later(1))
        work.unanswered.note("  do you  SHIP to mars?\n", "en", 0.3, "faq-2", later(2))

    await storage.run(work)
    mars, chinese = await storage.run(lambda work: work.unanswered.list())
    assert (mars.text, mars.times, mars.first_asked_at, mars.last_asked_at) == (
        "Do you ship to Mars?",
        2,
        NOW,
        later(2),
    )
    assert (mars.best_confidence, mars.nearest_document) == (0.3, "faq-2")
    assert (chinese.text, chinese.times, chinese.nearest_document) == ("能送到火星吗？", 1, "faq-1")
    assert len(await storage.run(lambda work: work.unanswered.list(1))) == 1
