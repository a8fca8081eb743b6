"""Which thresholds hold: those that were given, those of a snapshot, or those calibrated on what is indexed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from retrieval.calibrate import calibrate
from retrieval.foreign_questions import FOREIGN
from retrieval.fusion import Query, Sight
from retrieval.index.snapshot import Snapshot
from retrieval.index.state import IndexState
from retrieval.queries import QueryReader
from retrieval.types import Thresholds

_RECALIBRATE = 0.1  # share of documents that must change before thresholds are chosen again


class ThresholdKeeper:
    """Holds the thresholds of one knowledge base. `fixed`, if given, are never calibrated."""

    def __init__(self, reader: QueryReader, fixed: Thresholds | None = None) -> None:
        self._reader = reader
        self._fixed = fixed
        self._calibrated = False
        self._current = fixed or Thresholds()

    @property
    def current(self) -> Thresholds:
        return self._current

    def of(self, sight: Sight) -> Thresholds:
        """Those for a question that was read so well."""
        chosen = self._current
        if self._fixed is None and sight is not Sight.FLUENT:
            return replace(chosen, curated=chosen.curated_glossed)
        return chosen

    def adapt(self, state: IndexState, known: Snapshot | None, changed: int) -> None:
        """Choose them for what is indexed now; those of a snapshot, or of earlier, serve while little has changed.

        `changed` is how many documents did since the last time. Raises EmbeddingFailed.
        """
        if self._fixed is not None:
            return
        little = _RECALIBRATE * len(state.documents)
        if known is not None and _differences(known.digests, state) <= little:
            self._current, self._calibrated = known.manifest.thresholds, True
        elif not self._calibrated or changed > little:
            sight_of = {language: self._reader.sight(language) for language in state.languages}
            self._current = calibrate(state, sight_of, self._foreign(state))
            self._calibrated = True

    def _foreign(self, state: IndexState) -> list[Query]:
        """Questions that no knowledge base is about, in the languages of this one."""
        spoken = [language for language in FOREIGN if state.languages.get(language, 0) > 0]
        return [self._reader.read(text, language) for language in spoken for text in FOREIGN[language]]


def _differences(digests: Mapping[str, str], state: IndexState) -> int:
    """How many documents were added, changed or removed since the digests were noted."""
    now = {key: document.digest for key, document in state.documents.items()}
    return len({key for key, _ in digests.items() ^ now.items()})
