"""Cutting a long reply into messages: nothing lost, nothing broken, nothing too long, and little moved as it grows."""

from itertools import pairwise

import regex
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.channels.discord.markup import convert
from bot.channels.discord.split import parts as discord_parts
from bot.channels.discord.split import pieces
from bot.channels.discord.split import split as discord_split
from bot.channels.markup.cuts import blank
from bot.channels.markup.partial import partial
from bot.channels.telegram.markup import MOST_ENTITIES, Rendered, render
from bot.channels.telegram.split import parts as telegram_parts
from bot.channels.telegram.split import split as telegram_split
from tests.support.markdown_texts import code_lines, markdown

Look = frozenset[tuple[str, str | None, str | None]]


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def looks(rendered: Rendered) -> list[Look]:
    """How each UTF-16 unit of a text looks."""
    marks: list[set[tuple[str, str | None, str | None]]] = [set() for _ in range(units(rendered.text))]
    for one in rendered.entities:
        assert one.length > 0 <= one.offset
        assert one.offset + one.length <= len(marks)
        for place in marks[one.offset : one.offset + one.length]:
            place.add((one.type, one.url, one.language))
    return [frozenset(one) for one in marks]


def places(text: str, pieces: list[str]) -> list[tuple[int, int]]:
    """Where the pieces stand in the text, when only what cannot be seen is missing between them."""
    found, position = [], 0
    for piece in pieces:
        start = text.index(piece, position)
        assert blank(text[position:start])
        position = start + len(piece)
        found.append((start, position))
    assert blank(text[position:])
    return found


def no_grapheme_is_cut(text: str, spans: list[tuple[int, int]], limit: int) -> None:
    clusters = list(regex.finditer(r"\X", text))
    assume(all(units(one.group()) < limit // 4 for one in clusters))
    edges = {0, *(one.end() for one in clusters)}
    assert all(start in edges and end in edges for start, end in spans)


def entities_nest(rendered: Rendered) -> None:
    spans = [(one.offset, one.offset + one.length, str(one.type)) for one in rendered.entities]
    for nth, (start, end, kind) in enumerate(spans):
        for first, last, other in spans[nth + 1 :]:
            assert first >= start  # sorted
            apart = first >= end
            assert apart or last <= end
            assert apart or kind not in {"code", "pre"}
            assert apart or other not in {"code", "pre"} or kind in {"blockquote"}
            assert apart or {kind, other} != {"blockquote"}
            assert apart or kind != other


@given(markdown)
def test_entities_stand_on_whole_characters_and_nest(text: str) -> None:
    rendered = render(text)
    looks(rendered)
    entities_nest(rendered)
    inner = {0}
    for character in rendered.text:
        inner.add(max(inner) + units(character))
    assert all(one.offset in inner and one.offset + one.length in inner for one in rendered.entities)


@given(markdown, st.integers(40, 400))
def test_telegram_parts_joined_are_the_text_and_look_like_it(text: str, limit: int) -> None:
    whole = render(text)
    parts = telegram_split(whole, limit)
    spans = places(whole.text, [part.text for part in parts])
    no_grapheme_is_cut(whole.text, spans, limit)
    before = looks(whole)
    for part, (start, end) in zip(parts, spans, strict=True):
        assert not blank(part.text)
        assert units(part.text) <= limit
        assert len(part.entities) <= MOST_ENTITIES
        entities_nest(part)
        assert looks(part) == before[units(whole.text[:start]) : units(whole.text[:end])]


@given(st.integers(101, 160), st.integers(1, 4))
def test_no_telegram_part_has_too_many_entities(count: int, length: int) -> None:
    whole = render(" ".join(f"**{'b' * length}** `c`" for _ in range(count)))
    parts = telegram_split(whole)
    assert max(len(part.entities) for part in parts) <= MOST_ENTITIES
    assert sum(len(part.entities) for part in parts) == len(whole.entities) == 2 * count
    places(whole.text, [part.text for part in parts])


@given(markdown, st.integers(128, 400), st.booleans())
def test_discord_parts_joined_are_the_text_with_every_fence_closed(text: str, limit: int, converted: bool) -> None:
    text = convert(text) if converted else text
    cut = list(pieces(text, limit))
    spans = places(text, [piece.text for piece in cut])
    no_grapheme_is_cut(text, spans, limit)
    assert discord_split(text, limit) == [str(piece) for piece in cut]
    for piece in cut:
        assert not blank(piece.text)
        assert units(str(piece)) <= limit
        assert str(piece).count("```") % 2 == 0
        assert regex.fullmatch(r"(?:[ \t>]*```[\w+.#-]*\n)?", piece.before)
        assert regex.fullmatch(r"(?:\n[ \t>]*```)?", piece.after)
    for one, other in pairwise(cut):
        assert bool(one.after) == bool(other.before)


@given(code_lines.filter(str.strip), st.sampled_from(["```", "~~~~"]), st.sampled_from(["", "> ", "- "]))
def test_code_that_discord_cuts_goes_on_as_code_in_its_language(code: str, fence: str, lead: str) -> None:
    inner = " " * 2 if lead == "- " else lead
    lines = [f"{lead}{fence}py", *(f"{inner}{line}" for line in code.split("\n") * 8), f"{inner}{fence}"]
    parts = discord_split(convert("\n".join(lines)), 200)
    shown = [regex.fullmatch(r"[-> ]*```py\n(.*?)\n?[> ]*```", part, regex.DOTALL) for part in parts]
    assert all(shown)
    kept = "\n".join(one[1] for one in shown if one)
    assert kept.count("return") == 8 * code.count("return")


# A document whose blocks are short (at most half a message) but for code, which may be of any length.
_MESSAGE = 128
_SENTENCES = st.lists(
    st.sampled_from(
        [
            "One **bold** word.",
            "退货要三十天。",
            "See [this](https://a.example).",
            "So *it is* 😀!",
            "2 * 3 = 6",
            "`a_b` ~~c~~",
        ]
    ),
    min_size=1,
    max_size=2,
).map(" ".join)
_BLOCKS = (
    _SENTENCES
    | _SENTENCES.map("- {}".format)
    | _SENTENCES.map("> {}".format)
    | st.sampled_from(["## Heading", "| a | b |\n|---|---|\n| 1 | 退货 |\n| 22 | x |"])
    | code_lines.map(lambda lines: f"```py\n{lines}\nx = '退货' * 3\n```")
)
_GROWING = st.lists(_BLOCKS, min_size=15, max_size=30).map("\n\n".join)


def prefixes(data: st.DataObject, text: str) -> list[str]:
    """A text as it grows, from a few characters, or from most of it, to the whole."""
    steps = data.draw(st.lists(st.integers(1, 90), min_size=2, max_size=12))
    end = len(text) - sum(steps)
    return [text[: max(0, end + sum(steps[:nth]))] for nth in range(len(steps))]


@given(_GROWING, st.data())
def test_all_telegram_parts_but_the_last_two_stay_as_the_text_grows(text: str, data: st.DataObject) -> None:
    shown = [telegram_parts(begun, finished=False, limit=_MESSAGE) for begun in prefixes(data, text)]
    shown.append(telegram_parts(text, limit=_MESSAGE))
    assert len(shown[-1]) > 1
    for before, after in pairwise(shown):
        assert [part.digest for part in before[:-2]] == [part.digest for part in after[: max(len(before) - 2, 0)]]


@given(_GROWING, st.data())
def test_all_discord_parts_but_the_last_two_stay_as_the_text_grows(text: str, data: st.DataObject) -> None:
    shown = [discord_parts(begun, finished=False, limit=_MESSAGE) for begun in prefixes(data, text)]
    shown.append(discord_parts(text, limit=_MESSAGE))
    assert len(shown[-1]) > 1
    for before, after in pairwise(shown):
        assert before[:-2] == after[: max(len(before) - 2, 0)]


@given(markdown, st.data())
def test_text_that_is_still_written_is_shown_without_error(text: str, data: st.DataObject) -> None:
    begun = text[: data.draw(st.integers(0, len(text)))]
    for part in telegram_parts(begun, finished=False, limit=200):
        entities_nest(part)
    assert all(part.count("```") % 2 == 0 for part in discord_parts(begun, finished=False, limit=200))
    assert len(partial(begun)) <= len(begun) + 40
