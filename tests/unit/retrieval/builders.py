"""Documents for tests."""

from retrieval.readers.common import digest
from retrieval.types import Document, DocumentKind


def faq(
    key: str, question: str, answer: str, *wordings: str, language: str = "en", source: str = "faq.yaml"
) -> Document:
    return Document(
        key, DocumentKind.FAQ, question, answer, language, source, digest(question, answer, wordings), tuple(wordings)
    )


def article(key: str, text: str, language: str = "en", source: str = "") -> Document:
    return Document(key, DocumentKind.ARTICLE, key, text, language, source or f"{key}.md", digest(text))
