"""The load run, small: many conversations at once, under the platforms' flood limits, in compressed time."""

from __future__ import annotations

from benchmarks.channels.load import run
from tests.integration.conftest import TinyModels
from tests.support.compressed import run_compressed


def test_nothing_is_lost_doubled_cut_or_refused_while_many_talk_at_once(tiny_models: TinyModels) -> None:
    result = run_compressed(run(20, 1.0, {"PARLEY_MODELS__EMBEDDER": str(tiny_models.embedder)}), speed=10)
    assert result["asked"] >= 20
    faults = {name: result[name] for name in ("lost", "doubled", "cut", "out_of_order", "strange_messages")}
    assert set(faults.values()) == {0}, (faults, result["examples"])
    assert result["refused_429"]["telegram"] == {}
