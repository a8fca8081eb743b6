"""From what is to be shown to Discord's messages."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.discord.body import Body
from bot.channels.discord.components import MENU, chosen, components
from bot.channels.discord.embeds import sources
from bot.channels.discord.render import parts_of
from bot.delivery.ports import Button, Shown
from bot.domain import Citation
from bot.texts.catalogue import FluentTexts

TEXTS = FluentTexts()

buttons = st.builds(Button, st.text(min_size=1, max_size=120), st.integers(0, 10**9).map(lambda n: f"p1:say:{n}:0"))
citations = st.builds(
    Citation,
    document=st.text(min_size=1, max_size=20),
    title=st.text(max_size=400),
    passage=st.text(max_size=2000),
    score=st.just(1.0),
    url=st.none() | st.sampled_from(["https://example.org/a b(c)", "javascript:alert(1)", "notes.md"]),
)


def bodies(shown: Shown) -> list[Body]:
    return [part.payload for part in parts_of(shown, TEXTS, {})]


@given(
    st.text(max_size=5000),
    st.lists(citations, max_size=20),
    st.lists(st.lists(buttons, min_size=1, max_size=7), max_size=8),
    st.text(max_size=100),
    st.booleans(),
)
def test_every_part_is_within_discords_limits(
    text: str, cited: list[Citation], rows: list[list[Button]], notice: str, finished: bool
) -> None:
    shown = Shown(text, "en", finished, tuple(cited), notice, tuple(map(tuple, rows)))
    found = bodies(shown)
    for body in found:
        assert 0 < len(body.content.encode("utf-16-le", "surrogatepass")) // 2 <= 2000
        assert body.content.strip()
        assert len(body.components) <= 5
        for row in body.components:
            assert 1 <= len(row["components"]) <= 5
            for each in row["components"]:
                assert len(each["custom_id"]) <= 100 and len(each.get("options", ())) <= 25
        for embed in body.embeds:
            assert len(embed["description"]) <= 4096 and len(embed["title"]) <= 256
    for body in found[:-1]:
        assert not body.components and not body.embeds
    assert [part.position for part in parts_of(shown, TEXTS, {})] == list(range(len(found)))


@given(st.text(max_size=300), st.text(max_size=20))
def test_no_message_of_ours_can_ping_anyone(text: str, nonce: str) -> None:
    body = Body(text)
    for payload in (body.sent(nonce), body.sent(nonce, 5, 6), body.edited(), body.followed_up(True)):
        assert payload["allowed_mentions"] == {"parse": [], "replied_user": False}


def test_a_digest_tells_what_looks_different() -> None:
    first = Body("a", ({"title": "t"},), ({"type": 1},))
    assert first.digest == Body("a", ({"title": "t"},), ({"type": 1},)).digest
    others = [Body("b", first.embeds, first.components), Body("a", (), first.components), Body("a", first.embeds)]
    assert first.digest not in {other.digest for other in others}


def test_a_remark_stands_small_under_the_text() -> None:
    assert bodies(Shown("Yes.", notice="Only in English."))[0].content == "Yes.\n\n-# Only in English."


def test_sources_name_each_document_once_with_its_link() -> None:
    cited = [
        Citation("a", "Returns [new]", "You can return\nany item.", 1.0, url="https://example.org/a_(b)"),
        Citation("a", "Returns [new]", "Another passage.", 0.9),
        Citation("b", "Shipping", "We ship.", 0.8, url="javascript:alert(1)"),
    ]
    (embed,) = sources(cited, TEXTS, "en")
    assert embed["title"] == "Sources"
    assert embed["description"].splitlines() == [
        "1. [Returns (new)](https://example.org/a_%28b%29) — You can return any item.",
        "2. **Shipping** — We ship.",
    ]


def test_a_source_that_was_quoted_whole_is_not_quoted_again() -> None:
    (body,) = bodies(Shown("We ship.", citations=(Citation("b", "Shipping", "We ship.", 0.8),)))
    assert body.embeds[0]["description"] == "1. **Shipping**"


def test_many_choices_become_a_menu_and_what_is_chosen_is_the_action() -> None:
    rows = [[Button(f"Choice {number}", f"p1:say:7:{number}")] for number in range(30)]
    menu, thumbs = components([*rows, [Button("👍", "p1:good:7"), Button("👎", "p1:bad:7")]], "Choose …")
    (select,) = menu["components"]
    assert (select["custom_id"], len(select["options"])) == (MENU, 25)
    assert [each["custom_id"] for each in thumbs["components"]] == ["p1:good:7", "p1:bad:7"]
    picked: dict[str, Any] = {"custom_id": MENU, "values": ["p1:say:7:3"]}
    assert chosen(picked) == "p1:say:7:3"
    assert chosen({"custom_id": "p1:good:7"}) == "p1:good:7"
    json.dumps(menu)
