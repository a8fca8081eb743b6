"""The operator's glossary: how terms are translated, per pair of languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Glossary:
    """`pairs` maps (source, target) to terms and their translations; `kept` are names that stay in any language.

    Glossary({("en", "zh"): {"passage": "段落"}}, kept=("Parley",)).terms("en", "zh")
    # {'Parley': 'Parley', 'passage': '段落'}
    """

    pairs: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    kept: tuple[str, ...] = ()

    def terms(self, source: str, target: str) -> dict[str, str]:
        """The terms of a pair of languages; those of the pair come before those that are kept."""
        return {name: name for name in self.kept} | dict(self.pairs.get((source, target), {}))
