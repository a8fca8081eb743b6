"""Search with the embedded encoder over the examples: in each language no worse than either of its parts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.bootstrap import Parley
from bot.examples_folder import example_folder
from bot.settings import load_settings
from retrieval.evaluate import evaluate, read_questions

MODELS = os.environ.get("PARLEY_TEST_MODELS", "")
DATA = Path(__file__).parents[1] / "data"
ONE_QUESTION = 1 / 70  # the smallest set has 72: fewer than two questions prove nothing

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.skipif(not Path(MODELS).is_dir() or not MODELS, reason="PARLEY_TEST_MODELS names no folder"),
    # Libraries warn about what is theirs to mend.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def parley(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parley]:
    import asyncio

    home = tmp_path_factory.mktemp("home")
    (home / "models").symlink_to(Path(MODELS).resolve())
    made = Parley(load_settings(env={"PARLEY_HOME": str(home)}))
    made.prepare(lambda _: None)
    folders = [example_folder(name) for name in ("shop-faq", "llm-faq")]
    assert not [outcome for outcome in made.ingestor.add(folders) if outcome.reason]
    yield made
    asyncio.run(made.aclose())


@pytest.mark.parametrize("name", ["shop-en-paraphrases", "shop-zh-paraphrases", "llm-en", "llm-zh"])
def test_fused_search_is_no_worse_than_its_parts(parley: Parley, name: str) -> None:
    measured = evaluate(parley.searcher, read_questions(DATA / f"{name}.jsonl"), parts=True)
    parts = measured["parts"]
    for measure in ("recall@1", "recall@5", "mrr@10"):
        better = max(parts["lexical"][measure], parts["dense"][measure])
        assert measured[measure] >= better - ONE_QUESTION, measure


@pytest.mark.parametrize("said", ["why do chatbots make things up?", "can I pay with a gift card"])
def test_what_the_examples_answer_is_answered(parley: Parley, said: str) -> None:
    result = parley.searcher.search(said)
    assert result.hits[0].confidence >= result.thresholds.answerable


@pytest.mark.parametrize(
    "said", ["How far away is Saturn?", "how do I prune roses", "土星离我们有多远", "月季怎么修剪"]
)
def test_what_no_example_answers_is_not(parley: Parley, said: str) -> None:
    result = parley.searcher.search(said)
    assert result.hits[0].confidence < result.thresholds.answerable
