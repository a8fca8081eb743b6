"""The pace is kept whatever comes: never more calls than the limits say, nothing dropped that is sent, in order."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.pacing import Pacer
from bot.delivery.ports import Pace
from tests.support.virtual_time import run_virtually

EPSILON = 1e-6

paces = st.builds(
    Pace,
    chat=st.tuples(st.integers(1, 5), st.sampled_from([1.0, 5.0])),
    group=st.none() | st.tuples(st.integers(1, 20), st.sampled_from([10.0, 60.0])),
    overall=st.tuples(st.integers(1, 30), st.just(1.0)),
    burst=st.integers(1, 5),
)
# (seconds from the start, chat, whether it is a group, what is done)
wishes = st.lists(
    st.tuples(
        st.floats(0, 20).map(lambda at: round(at, 2)),
        st.sampled_from(["a", "b", "group c", "group d"]),
        st.sampled_from(["send", "send", "edit", "hold", "hold all"]),
    ),
    max_size=40,
)


class Run:
    """What happened, with the loop's times from the start."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.calls: list[tuple[float, str, int]] = []
        self.holds: list[tuple[float, str | None, float]] = []

    async def act(self, wishes_: list[tuple[float, str, str]], pace: Pace) -> None:
        pacer, clock = Pacer(pace), asyncio.get_running_loop().time
        start = clock()

        async def one(number: int, at: float, place: str, what: str) -> None:
            await asyncio.sleep(at)
            group = place.startswith("group")
            if what == "send":
                self.asked.append((place, number))
                await pacer.before_send(place, group)
                self.calls.append((clock() - start, place, number))
            elif what == "edit" and pacer.may_edit(place, group):
                self.calls.append((clock() - start, place, -1))
            elif what.startswith("hold"):
                held = place if what == "hold" else None
                pacer.hold(held, 5.0, group)
                self.holds.append((clock() - start, held, 5.0))

        await asyncio.gather(*(one(number, *wish) for number, wish in enumerate(wishes_)))


def run(wishes_: list[tuple[float, str, str]], pace: Pace) -> Run:
    seen = Run()
    run_virtually(seen.act(wishes_, pace))
    return seen


def most_in(times: list[float], window: float) -> int:
    return max((sum(start <= at < start + window - EPSILON for at in times) for start in times), default=0)


@given(wishes, paces)
def test_no_window_sees_more_calls_than_the_limits_say(wishes_: list[tuple[float, str, str]], pace: Pace) -> None:
    calls = sorted(run(wishes_, pace).calls)
    assert most_in([at for at, _, _ in calls], pace.overall[1]) <= pace.overall[0]
    for place in {place for _, place, _ in calls}:
        times = [at for at, there, _ in calls if there == place]
        if place.startswith("group") and pace.group is not None:
            assert most_in(times, pace.group[1]) <= pace.group[0]
        rate = pace.chat[0] / pace.chat[1]
        for first, last in combinations(range(len(times)), 2):
            assert last - first + 1 <= pace.burst + rate * (times[last] - times[first]) + EPSILON


@given(wishes, paces)
def test_what_is_sent_is_never_dropped_and_stays_in_order(wishes_: list[tuple[float, str, str]], pace: Pace) -> None:
    seen = run(wishes_, pace)
    for place in {place for _, place, _ in wishes_}:
        sent = [number for _, there, number in seen.calls if there == place and number >= 0]
        assert sent == [number for there, number in seen.asked if there == place]
    assert len(seen.asked) == sum(what == "send" for _, _, what in wishes_)


@given(wishes, paces)
def test_a_hold_is_kept_to_the_second(wishes_: list[tuple[float, str, str]], pace: Pace) -> None:
    seen = run(wishes_, pace)
    for since, held, seconds in seen.holds:
        within = [
            at
            for at, place, _ in seen.calls
            if held in (None, place) and since + EPSILON < at < since + seconds - EPSILON
        ]
        assert within == []


@given(st.integers(1, 6), st.integers(2, 8))
def test_an_edit_leaves_room_for_the_final_text_of_every_stream(streams: int, burst: int) -> None:
    async def main() -> None:
        pacer = Pacer(Pace(chat=(1, 1.0), burst=burst, overall=(1000, 1.0)))
        clock = asyncio.get_running_loop().time
        with ExitStack() as streaming:
            for _ in range(streams):
                streaming.enter_context(pacer.streaming("a", False))
            edits = 0
            while pacer.may_edit("a", False):
                edits += 1
            assert edits == max(0, burst - streams)
            before = clock()
            for _ in range(min(streams, burst)):
                await pacer.before_send("a", False)
            assert clock() - before < EPSILON

    run_virtually(main())


@given(st.integers(100, 300))
def test_idle_chats_are_forgotten(chats: int) -> None:
    async def main() -> None:
        pacer = Pacer(Pace(overall=(10_000, 1.0)))
        for number in range(chats):
            await pacer.before_send(f"chat {number}", False)
        await asyncio.sleep(60)
        for number in range(700):
            await pacer.before_send(f"other {number}", False)
            await asyncio.sleep(60)
        assert len(pacer) <= 65

    run_virtually(main())


def test_a_hold_counts_for_what_waits_already() -> None:
    wishes_ = [(0.0, "a", "send"), (0.0, "a", "send"), (1.0, "a", "hold")]
    calls = [at for at, _, _ in run(wishes_, Pace(chat=(1, 5.0), burst=1)).calls]
    assert calls[0] < EPSILON and 6.0 - EPSILON <= calls[1] <= 6.0 + EPSILON


def test_a_hold_counts_for_what_waits_for_the_whole_bot() -> None:
    wishes_ = [(0.0, "a", "send"), (0.0, "b", "send"), (0.5, "a", "hold"), (0.5, "b", "hold")]
    calls = [at for at, _, _ in run(wishes_, Pace(overall=(1, 1.0))).calls]
    assert calls[0] < EPSILON and 5.5 - EPSILON <= calls[1] < 7.0


def test_a_token_that_waited_for_the_others_counts_from_the_call_on() -> None:
    wishes_ = [(0.0, f"chat {number}", "send") for number in range(50)] + [(0.0, "a", "send")] * 3
    times = [at for at, place, _ in run(wishes_, Pace(chat=(1, 1.0), overall=(10, 1.0), burst=1)).calls if place == "a"]
    assert len(times) == 3 and times[0] > 3.0
    assert all(later - earlier >= 1.0 - EPSILON for earlier, later in pairwise(times))
