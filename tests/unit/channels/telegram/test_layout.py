"""A reply as Telegram's messages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.layout import parts_of
from bot.delivery.ports import Button, Shown
from bot.domain import Citation
from bot.texts.catalogue import FluentTexts

TEXTS = FluentTexts()
ROWS = ((Button("👍", "p1:good:1"), Button("👎", "p1:bad:1")),)
SOURCE = Citation("hours", "Opening hours", "The shop is open from nine to six.", 0.9, url="https://example.org/hours")


def test_buttons_and_sources_stand_under_the_last_part() -> None:
    parts = parts_of(Shown("word " * 2000, citations=(SOURCE,), buttons=ROWS), TEXTS)
    payloads = [part.payload for part in parts]
    assert len(parts) > 2
    assert [part.position for part in parts] == list(range(len(parts)))
    assert [payload.buttons is not None for payload in payloads] == [False] * (len(parts) - 1) + [True]
    assert [payload.closing for payload in payloads] == [False] * (len(parts) - 1) + [True]
    assert "Opening hours" in payloads[-1].text


def test_what_grows_closes_nothing() -> None:
    (part,) = parts_of(Shown("so far", finished=False), TEXTS)
    assert not part.payload.closing


def test_nothing_to_show_is_no_message() -> None:
    assert parts_of(Shown("  \n", finished=False), TEXTS) == []


def test_the_digest_tells_what_looks_different() -> None:
    def digest(text: str, rows: tuple[tuple[Button, ...], ...] = ()) -> str:
        return parts_of(Shown(text, buttons=rows), TEXTS)[0].digest

    assert digest("**a**") == digest("__a__")
    assert len({digest("a"), digest("**a**"), digest("a", ROWS), digest("[a](https://example.org)")}) == 4


@given(st.text(max_size=9000), st.text(max_size=300), st.booleans())
def test_every_message_is_within_telegrams_limits(text: str, notice: str, cited: bool) -> None:
    shown = Shown(text, notice=notice, citations=(SOURCE,) if cited else ())
    for part in parts_of(shown, TEXTS):
        payload = part.payload
        length = len(payload.text.encode("utf-16-le", "surrogatepass")) // 2
        assert payload.text.strip()
        assert length <= 4096
        assert all(mark.offset >= 0 and mark.offset + mark.length <= length for mark in payload.entities)
