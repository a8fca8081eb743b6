"""How an answer grows on a platform, and what it costs there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from bot.delivery.outbox import nonce_of
from bot.delivery.pacing import Pacer
from bot.delivery.ports import Pace
from bot.delivery.presenter import Presentation
from bot.delivery.retrying import Patience
from bot.domain import Channel, Completed, Event, Outcome, PartState, Reply, SentPart, TextDelta, Turn, User
from bot.doors.languages import LanguageDoor
from bot.errors import DeliveryError, StorageError, TryLater, Unreachable
from bot.ports import UnitOfWork
from bot.storage.memory import MemoryStorage
from bot.texts.catalogue import FluentTexts
from tests.support.outlet import MemoryOutlet, Platform
from tests.support.virtual_time import run_virtually

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Show:
    """One presentation: words come `every` so many seconds."""

    words: list[str]
    every: float = 0.2
    outlet: MemoryOutlet = field(default_factory=lambda: MemoryOutlet(Platform(), "chat", limit=1000))
    pace: Pace = field(default_factory=Pace)
    broken: Exception | None = None
    closed: bool = False
    taken: float = 0.0
    parts: list[SentPart] = field(default_factory=list)

    def run(self, patience: Patience | None = None) -> list[SentPart]:
        return run_virtually(self._run(patience))

    async def _run(self, patience: Patience | None) -> list[SentPart]:
        storage = MemoryStorage()

        def keep(work: UnitOfWork) -> Turn:
            user = work.users.ensure(User(Channel.TELEGRAM, "1"))
            work.conversations.ensure("c", Channel.TELEGRAM, NOW)
            return work.turns.accept(Turn(Channel.TELEGRAM, "c", user.id, "hello there", "1", NOW, "parley"))[0]

        turn = await storage.run(keep)
        try:
            await Presentation(
                turn,
                self._events(),
                self.outlet,
                Pacer(self.pace),
                storage,
                FluentTexts(),
                LanguageDoor(),
                "en",
                patience,
            ).run()
        finally:
            self.parts = list(await storage.read(lambda work: work.parts.of_turn(turn.id)))
        return self.parts

    async def _events(self) -> AsyncGenerator[Event, None]:
        clock = asyncio.get_running_loop().time
        start = clock()
        try:
            for word in self.words:
                yield TextDelta(word)
                await asyncio.sleep(self.every)
            self.taken = clock() - start
            if self.broken is not None:
                raise self.broken
            yield Completed(Reply("".join(self.words), "echo", Outcome.CURATED, "en"))
        finally:
            self.closed = True

    @property
    def platform(self) -> Platform:
        return self.outlet.platform

    def growing(self) -> list[str]:
        return [method for method in self.platform.methods() if method != "working"]


def failing(which: str, error: DeliveryError, times: int = 10**9) -> Callable[[str], None]:
    left = [times]

    def fault(method: str) -> None:
        if method == which and left[0] > 0:
            left[0] -= 1
            raise error

    return fault


def test_drafts_grow_and_the_answer_is_a_message() -> None:
    show = Show([f"word{number} " for number in range(40)])
    show.outlet.drafts = True
    show.run()
    assert set(show.growing()) == {"draft", "send"} and show.growing().count("send") == 1
    drafts = [call for call in show.platform.calls if call.method == "draft"]
    assert len(drafts) >= 10
    assert all(later.at - earlier.at >= 0.4 for earlier, later in pairwise(drafts))


def test_where_drafts_are_refused_edits_are_used() -> None:
    show = Show([f"word{number} " for number in range(40)])
    show.outlet.drafts = show.outlet.drafts_refused = True
    show.run()
    assert show.growing()[0] == "send" and set(show.growing()[1:]) == {"edit"}
    edits = [call for call in show.platform.calls if call.method == "edit"]
    assert len(edits) >= 3
    assert all(later.at - earlier.at >= 1.0 for earlier, later in pairwise(edits[:-1]))


def test_a_slow_network_does_not_hold_up_the_engine_and_is_shown_the_newest_only() -> None:
    show = Show([f"word{number} " for number in range(100)], every=0.01)
    show.platform.delay = 5.0
    show.run()
    assert 0.9 < show.taken < 1.2
    assert len(show.growing()) <= 3
    assert show.platform.texts("chat") == ["".join(show.words)]


def test_earlier_parts_are_messages_while_the_last_one_grows() -> None:
    show = Show(["x" * 10 for _ in range(30)])
    show.outlet.drafts, show.outlet.limit = True, 100
    show.run()
    assert show.platform.texts("chat") == ["x" * 100] * 3
    order = show.growing()
    assert "draft" in order[order.index("send") :]  # the next part grew after the first one had been sent


def test_drafts_and_edits_are_not_tried_again_but_the_final_text_is() -> None:
    show = Show([f"word{number} " for number in range(20)])
    show.outlet.drafts = True
    show.platform.fault = failing("draft", TryLater("Flood.", 1000.0))
    show.run()
    assert show.growing() == ["draft", "send"]
    later, earlier = show.platform.calls[-1].at, next(call.at for call in show.platform.calls if call.method == "draft")
    assert later - earlier >= 1000.0
    assert show.platform.texts("chat") == ["".join(show.words)]


def test_waits_grow_where_the_platform_names_none_and_end_with_patience() -> None:
    show = Show(["word"])
    show.platform.fault = failing("send", TryLater("The connection broke."))
    with pytest.raises(TryLater):
        show.run(Patience(longest=600.0))
    times = [call.at for call in show.platform.calls if call.method == "send"]
    assert 5 < len(times) < 60 and times[-1] - times[0] <= 660.0
    assert [part.state for part in show.parts] == [PartState.SENDING]


def test_who_cannot_be_reached_is_noted_and_the_engine_stops() -> None:
    show = Show([f"word{number} " for number in range(1000)])
    show.platform.fault = failing("send", Unreachable("Blocked."))
    parts = show.run()
    assert [part.state for part in parts] == [PartState.FAILED]
    assert show.closed and show.taken == 0.0  # it was closed before its end
    assert show.growing() == ["send"]


def test_a_message_that_is_gone_is_sent_anew_under_another_nonce() -> None:
    """The platform knows the nonces of deleted messages, and would give back the old message for an old nonce."""
    show = Show([f"word{number} " for number in range(20)])

    def deletes(method: str) -> None:
        if method == "edit" and show.growing().count("edit") == 1:
            show.platform.messages.clear()

    show.platform.fault = deletes
    show.run()
    assert show.platform.texts("chat") == ["".join(show.words)]
    assert show.growing().count("send") == 2


def test_events_that_break_off_leave_the_turn_to_be_taken_up_again() -> None:
    show = Show(["some ", "text"], broken=StorageError("The disk is full."))
    with pytest.raises(StorageError):
        show.run()
    assert not show.growing()


def test_nonces() -> None:
    nonces = [nonce_of(7, 0), nonce_of(7, 1), nonce_of(71, 0), nonce_of(7, 0, "m1"), nonce_of(7, 0, "m2")]
    assert nonces[0] == "7-0" and len(set(nonces)) == 5
    assert all(len(nonce) <= 25 and nonce.isascii() for nonce in [*nonces, nonce_of(2**60, 10**6)])
    assert nonce_of(7, 0, "m1") == nonces[3]


def test_text_in_one_piece_waits_for_its_completion_but_not_for_long() -> None:
    show = Show(["word"], every=1.0)
    show.run()
    assert show.growing() == ["send"]
    show = Show(["word"], every=3.0)
    show.run()
    assert show.growing() == ["send", "edit"]  # the edit changes the buttons


def test_growing_text_that_is_refused_does_not_cost_the_answer() -> None:
    show = Show([f"word{number} " for number in range(40)])
    show.platform.fault = failing("edit", DeliveryError("Refused (400)."), times=2)
    show.run()
    assert show.platform.texts("chat") == ["".join(show.words)]
