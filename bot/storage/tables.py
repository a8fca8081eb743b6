"""The tables. Their words are those of the design; migrations build them, and a test holds the two equal."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    false,
)

from bot.domain import AccessState, Channel, Delivery, Doubt, Opinion, Outcome, PartState, Role, TurnState
from bot.storage.types import Key, Number, Prose, UtcDateTime, choice
from retrieval.types import DocumentKind, PassageRole

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _parent(column: str) -> ForeignKey:
    return ForeignKey(column, ondelete="CASCADE")


users = Table(
    "users",
    metadata,
    Column("id", Number, primary_key=True),
    Column("channel", Key, nullable=False),
    Column("external_id", Key, nullable=False),
    Column("display_name", Prose, nullable=False),
    UniqueConstraint("channel", "external_id"),
    choice("channel", Channel),
    sqlite_autoincrement=True,
)

preferences = Table(
    "preferences",
    metadata,
    Column("user_id", _parent("users.id"), primary_key=True, autoincrement=False),
    Column("language", Key),
    Column("persona", Key),
    Column("values", JSON, nullable=False),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", Key, primary_key=True),
    Column("channel", Key, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("title", Prose, nullable=False),
    Column("messages", Integer, nullable=False),  # kept with each message, as counting long talks is slow
    Column("values", JSON, nullable=False, server_default="{}"),  # what was set for it
    Index(None, "updated_at"),
    choice("channel", Channel),
)

turns = Table(
    "turns",
    metadata,
    Column("id", Number, primary_key=True),
    Column("channel", Key, nullable=False),
    Column("bot", Key, nullable=False),
    Column("update_id", Key, nullable=False),
    Column("conversation_id", _parent("conversations.id"), nullable=False),
    Column("user_id", _parent("users.id"), nullable=False),
    Column("text", Prose, nullable=False),
    Column("state", Key, nullable=False),
    Column("reason", Prose, nullable=False),  # why it failed, empty otherwise
    Column("received_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("message_id", Key, nullable=False, server_default=""),  # the origin's, to find the turn by
    Column("origin", JSON, nullable=False, server_default="{}"),  # what differs from a plain one
    Column("delivery", Key, nullable=False, server_default=Delivery.PENDING),
    Column("attempts", Integer, nullable=False, server_default="0"),  # how often it was taken up
    Column("stopped", Boolean, nullable=False, server_default=false()),  # the person wants no answer any more
    Column("excused", Integer, nullable=False, server_default="0"),  # attempts that do not speak against it
    UniqueConstraint("channel", "bot", "update_id"),
    Index(None, "conversation_id", "id"),
    Index(None, "conversation_id", "message_id"),
    Index(None, "user_id", "received_at"),  # counts for rate limits
    Index(None, "state", "id"),  # finds unfinished turns
    Index(None, "delivery", "id"),  # finds those for which something is to be done
    choice("channel", Channel),
    choice("state", TurnState),
    choice("delivery", Delivery),
    sqlite_autoincrement=True,  # an id is never given twice, even after its turn was forgotten
)

messages = Table(
    "messages",
    metadata,
    Column("id", Number, primary_key=True),
    Column("conversation_id", _parent("conversations.id"), nullable=False),
    Column("turn_id", _parent("turns.id"), nullable=False),
    Column("role", Key, nullable=False),
    Column("text", Prose, nullable=False),
    Column("language", Key, nullable=False),
    Column("skill", Key, nullable=False),
    Column("outcome", Key),
    Column("details", JSON, nullable=False),  # the rest of a reply: see bot.storage.details
    Column("created_at", UtcDateTime, nullable=False),
    Column("superseded", Boolean, nullable=False, server_default=false()),  # its turn was replaced
    Index(None, "conversation_id", "id"),
    Index(None, "turn_id"),
    choice("role", Role),
    choice("outcome", Outcome),
    sqlite_autoincrement=True,
)

# What was cited stays as it was, whatever becomes of the document: no foreign key to passages.
citations = Table(
    "citations",
    metadata,
    Column("message_id", _parent("messages.id"), primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("document", Key, nullable=False),
    Column("title", Prose, nullable=False),
    Column("passage", Prose, nullable=False),
    Column("score", Float, nullable=False),
    Column("passage_id", Key, nullable=False),
    Column("start_offset", Integer, nullable=False),
    Column("end_offset", Integer, nullable=False),
    Column("url", Prose),
)

# The outbox: which parts of a reply stand on the platform.
parts = Table(
    "parts",
    metadata,
    Column("turn_id", _parent("turns.id"), primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("state", Key, nullable=False),
    Column("external_id", Key, nullable=False),  # the platform's id, empty until it is known
    Column("digest", Key, nullable=False),  # of what was sent last, empty while that is in doubt
    Column("hint", Key, nullable=False, server_default=""),  # the outlet's own: where to look after a crash
    Column("doubt", Key, nullable=False, server_default=""),
    Index(None, "external_id"),
    Index(None, "doubt"),
    choice("state", PartState),
    choice("doubt", Doubt),
)

# A reply's file, until it was delivered.
attachments = Table(
    "attachments",
    metadata,
    Column("turn_id", _parent("turns.id"), primary_key=True, autoincrement=False),
    Column("name", Prose, nullable=False),
    Column("media_type", Key, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

opinions = Table(
    "opinions",
    metadata,
    Column("turn_id", _parent("turns.id"), primary_key=True, autoincrement=False),
    Column("user_id", _parent("users.id"), primary_key=True, autoincrement=False),
    Column("opinion", Key, nullable=False),
    Column("given_at", UtcDateTime, nullable=False),
    Index(None, "user_id"),
    Index(None, "given_at"),
    choice("opinion", Opinion),
)

access = Table(
    "access",
    metadata,
    Column("user_id", _parent("users.id"), primary_key=True, autoincrement=False),
    Column("state", Key, nullable=False),
    Column("code", Key, nullable=False),  # the pairing code while pending, empty otherwise
    Column("since", UtcDateTime, nullable=False),
    Index(None, "code"),
    choice("state", AccessState),
)

unanswered_questions = Table(
    "unanswered_questions",
    metadata,
    Column("id", Number, primary_key=True),
    Column("digest", Key, nullable=False),  # of the text, case and spaces aside
    Column("text", Prose, nullable=False),
    Column("language", Key, nullable=False),
    Column("best_confidence", Float, nullable=False),
    Column("nearest_document", Key),
    Column("first_asked_at", UtcDateTime, nullable=False),
    Column("last_asked_at", UtcDateTime, nullable=False),
    Column("times", Integer, nullable=False),
    UniqueConstraint("digest"),
    Index(None, "times", "last_asked_at"),
    sqlite_autoincrement=True,
)

documents = Table(
    "documents",
    metadata,
    Column("id", Key, primary_key=True),
    Column("kind", Key, nullable=False),
    Column("title", Prose, nullable=False),  # of an FAQ entry: its question
    Column("text", Prose, nullable=False),  # of an FAQ entry: its answer
    Column("language", Key, nullable=False),
    Column("source", Key, nullable=False),
    Column("digest", Key, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("url", Prose),
    Index(None, "source"),
    choice("kind", DocumentKind),
)

# What an FAQ entry has beyond a document: the other ways of asking its question.
faq_entries = Table(
    "faq_entries",
    metadata,
    Column("document_id", _parent("documents.id"), primary_key=True),
    Column("wordings", JSON, nullable=False),
)

passages = Table(
    "passages",
    metadata,
    Column("id", Key, primary_key=True),
    Column("document_id", _parent("documents.id"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("role", Key, nullable=False),
    Column("text", Prose, nullable=False),
    Column("start_offset", Integer, nullable=False),
    Column("end_offset", Integer, nullable=False),
    Column("language", Key, nullable=False),
    Column("heading_path", JSON, nullable=False),
    UniqueConstraint("document_id", "ordinal"),
    choice("role", PassageRole),
)

passage_vectors = Table(
    "passage_vectors",
    metadata,
    Column("passage_id", _parent("passages.id"), primary_key=True),
    Column("embedder", Key, primary_key=True),
    Column("dimension", Integer, nullable=False),
    Column("vector", LargeBinary, nullable=False),  # float32, little-endian, 4 bytes a dimension
)

# One row. The revision grows with every change of documents.
knowledge_state = Table(
    "knowledge_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("revision", Number, nullable=False),
)

index_snapshots = Table(
    "index_snapshots",
    metadata,
    Column("id", Key, primary_key=True),
    Column("revision", Number, nullable=False),
    Column("embedder", Key, nullable=False),
    Column("dimension", Integer, nullable=False),
    Column("documents", Integer, nullable=False),
    Column("passages", Integer, nullable=False),
    Column("curated_threshold", Float, nullable=False),
    Column("answerable_threshold", Float, nullable=False),
    Column("created_at", Key, nullable=False),  # ISO 8601, UTC, as in the snapshot's manifest
)
