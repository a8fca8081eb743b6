"""The checker finds each kind of fault, and nothing where there is none: it is given states that were made by hand."""

from __future__ import annotations

from tests.chaos.checker import STOPPED, Asked, Bubble, Fate, Finding, Talk
from tests.chaos.script import answer, is_written

LONG = next(number for number in range(1, 1000) if len(answer(number)) > 5000)
SOME = next(number for number in range(1, 1000) if is_written(number) and len(answer(number)) < 1500)
SHORT = next(number for number in range(1, 1000) if not is_written(number))


def whole(number: int) -> list[Bubble]:
    """An answer as it stands when all is well, in messages of two thousand characters at most, cut between words."""
    found, rest = [], answer(number)
    while len(rest) > 2000:
        cut = rest.rindex(" ", 0, 2000)
        found.append(Bubble(rest[:cut]))
        rest = rest[cut:].strip()
    return [*found, Bubble(rest)]


def looked(asked: list[Asked], shown: list[Bubble], doubtful: set[int] | None = None) -> Finding:
    finding = Finding()
    finding.add(Talk("a talk", asked, shown, doubtful or set()))
    return finding


def faults(finding: Finding) -> dict[str, int]:
    named = ("lost", "doubled", "out_of_order", "cut", "strange", "in_doubt")
    return {name: count for name in named if (count := getattr(finding, name))}


def kept(*numbers: int) -> list[Asked]:
    return [Asked(number) for number in numbers]


def test_whole_answers_in_order_are_no_fault() -> None:
    finding = looked(kept(LONG, SHORT, SOME), [*whole(LONG), *whole(SHORT), *whole(SOME)])
    assert faults(finding) == {}
    assert (finding.turns, finding.faults) == (3, 0)


def test_an_answer_that_is_not_there_is_lost() -> None:
    assert faults(looked(kept(SHORT, SOME), whole(SOME))) == {"lost": 1}
    assert faults(looked(kept(SHORT), [])) == {"lost": 1}


def test_an_answer_that_stands_twice_is_doubled() -> None:
    assert faults(looked(kept(SHORT, SOME), [*whole(SHORT), *whole(SHORT), *whole(SOME)])) == {"doubled": 1}
    assert faults(looked(kept(SHORT, SOME), [*whole(SHORT), *whole(SOME), *whole(SHORT)])) == {"doubled": 1}


def test_one_part_that_stands_twice_is_doubled() -> None:
    parts = whole(LONG)
    assert faults(looked(kept(LONG), [parts[0], parts[1], parts[1], *parts[2:]])) == {"doubled": 1}


def test_a_missing_part_is_a_cut() -> None:
    parts = whole(LONG)
    assert faults(looked(kept(LONG), parts[:-1])) == {"cut": 1}
    assert faults(looked(kept(LONG), [parts[0], *parts[2:]])) == {"cut": 1}


def test_a_doubled_part_beside_a_missing_one_is_both() -> None:
    parts = whole(LONG)
    assert faults(looked(kept(LONG), [parts[0], parts[0], *parts[2:]])) == {"doubled": 1, "cut": 1}


def test_parts_in_the_wrong_order_are_a_cut() -> None:
    parts = whole(LONG)
    assert faults(looked(kept(LONG), [parts[1], parts[0], *parts[2:]])) == {"cut": 1}


def test_one_missing_word_is_a_cut() -> None:
    assert faults(looked(kept(SOME), [Bubble(answer(SOME).replace(" ", "", 1))])) == {"cut": 1}
    assert faults(looked(kept(SOME), [Bubble(answer(SOME)[:-40])])) == {"cut": 1}
    assert faults(looked(kept(SOME), [Bubble(f"{answer(SOME)} {STOPPED}")])) == {"cut": 1}


def test_an_answer_that_still_looks_unfinished_is_a_cut() -> None:
    assert faults(looked(kept(SHORT), [Bubble(answer(SHORT), growing=True)])) == {"cut": 1}


def test_answers_in_another_order_than_the_questions() -> None:
    assert faults(looked(kept(SHORT, SOME), [*whole(SOME), *whole(SHORT)])) == {"out_of_order": 1}


def test_an_answer_inside_of_another_one() -> None:
    parts = whole(LONG)
    assert faults(looked(kept(LONG, SHORT), [parts[0], *whole(SHORT), *parts[1:]])) == {"out_of_order": 1}


def test_an_error_in_place_of_an_answer_is_strange_and_the_answer_lost() -> None:
    assert faults(looked(kept(SHORT), [Bubble("Something went wrong.")])) == {"lost": 1, "strange": 1}


def test_an_answer_in_a_talk_where_nobody_asked_is_strange() -> None:
    assert faults(looked(kept(SHORT), [*whole(SHORT), *whole(SOME)])) == {"strange": 1}
    assert faults(looked(kept(SHORT, SOME), [Bubble(answer(SHORT) + answer(SOME))])) == {"lost": 2, "strange": 1}


def test_one_of_two_wordings_is_answered() -> None:
    edited = [Asked(SHORT, Fate.EDITED, becomes=SOME)]
    assert faults(looked(edited, whole(SOME))) == {}
    late = looked(edited, whole(SHORT))
    assert (faults(late), late.unheard) == ({}, 1)
    assert faults(looked(edited, [*whole(SHORT), *whole(SOME)])) == {"doubled": 1}
    doubtful = {SHORT, SOME}
    assert faults(looked(edited, [*whole(SHORT), *whole(SOME)], doubtful)) == {"in_doubt": 1}
    assert faults(looked(edited, [])) == {"lost": 1}
    assert faults(looked([*edited, *kept(LONG)], [*whole(LONG), *whole(SOME)])) == {"out_of_order": 1}


def test_a_deleted_question_is_answered_or_not_but_never_in_part() -> None:
    deleted = [Asked(LONG, Fate.DELETED)]
    assert faults(looked(deleted, [])) == {}
    assert faults(looked(deleted, whole(LONG))) == {}
    assert faults(looked(deleted, whole(LONG)[:1])) == {"cut": 1}


def test_a_stopped_answer_may_end_anywhere_but_not_come_twice() -> None:
    stopped = [Asked(LONG, Fate.STOPPED)]
    parts = whole(LONG)
    for shown in ([], [Bubble(STOPPED)], [Bubble(f"-# {STOPPED}")], [Bubble(f"{answer(LONG)[:333]}\n-# {STOPPED}")]):
        assert faults(looked(stopped, shown)) == {}
    for shown in ([Bubble(parts[0].text + f" {STOPPED}")], [Bubble(answer(LONG)[:333])], parts):
        assert faults(looked(stopped, shown)) == {}
    assert faults(looked(stopped, [parts[0], parts[0]])) == {"doubled": 1, "cut": 1}
    assert faults(looked(stopped, [parts[1]])) == {"cut": 1}
    assert faults(looked(kept(SHORT), [*whole(SHORT), Bubble(STOPPED)])) == {"strange": 1}


def test_doubt_excuses_what_is_there_twice_or_not_at_all_of_that_question_alone() -> None:
    parts = whole(LONG)
    assert faults(looked(kept(LONG), [parts[0], *parts], {LONG})) == {"in_doubt": 1}
    assert faults(looked(kept(LONG), parts[:-1], {LONG})) == {"in_doubt": 1}
    assert faults(looked(kept(SHORT), [], {SHORT})) == {"in_doubt": 1}
    assert faults(looked(kept(SHORT), whole(SHORT), {SHORT})) == {}
    assert faults(looked(kept(SHORT, SOME), [*whole(SHORT), *whole(SHORT)], {SHORT})) == {"lost": 1, "in_doubt": 1}
    unfinished = [Bubble(parts[0].text, growing=True)]
    assert "cut" in faults(looked(kept(LONG), unfinished, {LONG}))
    assert faults(looked(kept(LONG), [*unfinished, *parts], {LONG})) == {"in_doubt": 1}
    assert faults(looked(kept(LONG), [*unfinished, *parts])) == {"doubled": 1, "cut": 1}
    assert "cut" in faults(looked(kept(LONG), [*unfinished, *parts[1:]], {LONG}))


def test_the_line_at_the_end() -> None:
    finding = looked(kept(SHORT, SOME), [*whole(SOME), *whole(SOME)])
    assert finding.line(kills=8, seconds=31.4) == (
        "lost 1 doubled 1 out-of-order 0 cut 0 strange 0 in-doubt 0 turns 2 kills 8 seconds 31"
    )
