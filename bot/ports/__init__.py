"""What Parley's inner rooms need from the outer ones: the doors, as Protocols.

Storage by what it keeps (`persons`, `conversations`, `turns`, and all of it in one transaction: `storage`), the
`knowledge` base, the `models`, `language`, and what skills may know of `people`. The knowledge base's and the models'
own values and Protocols come in through here, and nowhere else in `bot` but `bootstrap` and `storage`.
"""

from __future__ import annotations

from bot.ports.conversations import Conversations, Unanswered
from bot.ports.knowledge import Knowledge, Learned, Library, Reason
from bot.ports.language import GlossedWord, LanguageTools, Texts
from bot.ports.models import Models, Writers
from bot.ports.people import People, Personas
from bot.ports.persons import AccessList, Opinions, Users
from bot.ports.storage import Storage, UnitOfWork
from bot.ports.turns import Deliveries, Parts, Turns
from models.errors import ModelError
from models.ports import Classifier, Generator, SentimentClassifier, Summariser, Translator
from models.types import (
    Caller,
    ChatMessage,
    Finished,
    FinishReason,
    GenerationRequest,
    Prediction,
    Summary,
    TextChunk,
    Translation,
    Waiting,
)
from retrieval.ports import KnowledgeStore
from retrieval.types import Document, DocumentKind, Hit, Passage, PassageRole, SearchResult, Thresholds

__all__ = [
    "AccessList",
    "Caller",
    "ChatMessage",
    "Classifier",
    "Conversations",
    "Deliveries",
    "Document",
    "DocumentKind",
    "FinishReason",
    "Finished",
    "GenerationRequest",
    "Generator",
    "GlossedWord",
    "Hit",
    "Knowledge",
    "KnowledgeStore",
    "LanguageTools",
    "Learned",
    "Library",
    "ModelError",
    "Models",
    "Opinions",
    "Parts",
    "Passage",
    "PassageRole",
    "People",
    "Personas",
    "Prediction",
    "Reason",
    "SearchResult",
    "SentimentClassifier",
    "Storage",
    "Summariser",
    "Summary",
    "TextChunk",
    "Texts",
    "Thresholds",
    "Translation",
    "Translator",
    "Turns",
    "Unanswered",
    "UnitOfWork",
    "Users",
    "Waiting",
    "Writers",
]
