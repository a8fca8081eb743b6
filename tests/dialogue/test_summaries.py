"""Summaries: written and checked, or made of the text's own sentences."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.domain import Outcome
from bot.ports import ChatMessage, Generator, Summariser
from bot.skills.absent import KnownWriters
from bot.skills.summarise import SummariseSkill
from models.engines.fallback import FallbackGenerator
from models.engines.scripted import ScriptedGenerator
from models.errors import EngineFailed
from models.tasks.summarise import Summariser as ModelSummariser
from tests.support.desk import Desk
from tests.support.doubles import NoModels

TEXT = (
    "# Parcels\n\nThe shop sends parcels on weekdays. Parcels to Norway take seven days. "
    "Parcels to Sweden take two days. "
    "The shop packs parcels in recycled cardboard. Customs duties are paid by the customer. "
    "Glass is wrapped in paper wool. Returns are free for thirty days."
)
CHINESE = (
    "本店工作日发货。发往挪威的包裹要七天。发往瑞典的包裹要两天。"
    "包裹用回收纸箱包装。关税由顾客支付。三十天内可以免费退货。"
)


class OneSummariser(NoModels):
    """A profile that summarises with a script."""

    def __init__(self, script: str, languages: tuple[str, ...] = ("en",)) -> None:
        self.generator_used = ScriptedGenerator([script], languages=languages)

    async def summariser(self) -> Summariser:
        return ModelSummariser(self.generator_used)


class ChainSummariser(NoModels):
    """A server that is off or on, and a small model of this machine in its place."""

    def __init__(self, server: Generator) -> None:
        self.small = ScriptedGenerator(["Parcels to Norway take seven days."], name="small", context_tokens=300)
        self._chain = FallbackGenerator([server, self.small])

    async def summariser(self) -> Summariser:
        return ModelSummariser(self._chain)


def off(messages: Sequence[ChatMessage]) -> str:
    raise EngineFailed("off")


def desk(models: OneSummariser, writes: bool = True) -> Desk:
    return Desk([SummariseSkill()], models=models, writers=KnownWriters(writes))


async def test_a_written_summary_is_shown_as_far_as_the_text_supports_it() -> None:
    script = "Parcels to Norway take seven days. Elves deliver them by sledge."
    reply = await desk(OneSummariser(script)).reply(f"/summarise {TEXT}")
    assert (reply.text, reply.outcome) == ("Parcels to Norway take seven days.", Outcome.GENERATED)
    assert reply.notice == "One sentence that the text does not support was left out."


async def test_where_nothing_is_supported_the_text_speaks() -> None:
    reply = await desk(OneSummariser("Elves sing. Gnomes dance.")).reply(f"/summarise {TEXT}")
    assert reply.outcome is Outcome.QUOTED
    assert all(sentence.strip(". ") in TEXT for sentence in reply.text.split(". "))


async def test_a_model_too_small_to_write_is_not_asked() -> None:
    models = OneSummariser("Parcels to Norway take seven days.")
    reply = await desk(models, writes=False).reply(f"/summarise {TEXT}")
    assert reply.outcome is Outcome.QUOTED
    assert models.generator_used.requests == []
    assert "#" not in reply.text


@pytest.mark.parametrize("times", [1, 20])  # also in pieces
async def test_a_model_too_small_to_write_does_not_write_in_a_large_ones_place_either(times: int) -> None:
    models = ChainSummariser(ScriptedGenerator(off, name="server:big"))
    chained = Desk([SummariseSkill()], models=models, writers=KnownWriters(small=frozenset({"small"})))
    reply = await chained.reply(f"/summarise {' '.join([TEXT] * times)}")
    assert (reply.outcome, reply.model) == (Outcome.QUOTED, None)
    assert reply.notice == "These are the text's own sentences."
    assert 1 <= len(models.small.requests) <= 4, "it is not asked for a text that is not shown, piece after piece"


async def test_the_one_of_a_chain_that_wrote_is_named() -> None:
    written = "Parcels to Norway take seven days."
    models = ChainSummariser(ScriptedGenerator([written], name="server:big"))
    reply = await Desk([SummariseSkill()], models=models).reply(f"/summarise {TEXT}")
    assert (reply.text, reply.model) == (written, "server:big")
    models = ChainSummariser(ScriptedGenerator(off, name="server:big"))
    reply = await Desk([SummariseSkill()], models=models).reply(f"/summarise {TEXT}")
    assert (reply.outcome, reply.model) == (Outcome.GENERATED, "small")


async def test_a_language_that_the_model_does_not_write_is_quoted() -> None:
    reply = await desk(OneSummariser("English.")).reply(f"/summarise {CHINESE}")
    assert (reply.outcome, reply.language, reply.notice) == (Outcome.QUOTED, "zh", "以上是原文中的句子。")
    assert all(sentence in CHINESE for sentence in reply.text.split("。"))


async def test_nothing_to_summarise_is_said_so() -> None:
    assert await desk(OneSummariser("x")).say("/summarise") == (
        "There is no text to work on. Write it after the command."
    )
