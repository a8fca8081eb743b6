"""The door to what the knowledge base knows of languages; its libraries load at the first use."""

from __future__ import annotations

from collections.abc import Sequence

from bot.ports import GlossedWord


class LanguageDoor:
    """`bot.ports.LanguageTools` over `retrieval`."""

    def detect(self, text: str, default: str = "en", among: Sequence[str] = ()) -> str:
        from retrieval.language import detect

        return detect(text, default, among)

    def sentences(self, text: str, language: str) -> Sequence[tuple[int, int]]:
        from retrieval.chunking import sentences

        return sentences(text, language)

    def content_words(self, text: str, language: str) -> Sequence[str]:
        from retrieval.tokenize import content_words

        return content_words(text, language)

    def gloss(self, text: str, source: str, target: str) -> Sequence[GlossedWord]:
        """By CC-CEDICT, between Chinese and English."""
        from retrieval.embedding.lexicon import gloss, gloss_english

        if (source, target) == ("zh", "en"):
            found = gloss(text)
        elif (source, target) == ("en", "zh"):
            found = gloss_english(text)
        else:
            return ()
        return [GlossedWord(word.word, word.pinyin, word.senses) for word in found]
