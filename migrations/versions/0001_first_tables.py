"""The first tables: people, conversations, turns, the knowledge base."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Written out rather than imported: a revision stays as it is when the tables move on.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", KEY, nullable=False),
        sa.Column("channel", KEY, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "channel IN ('telegram', 'discord', 'web', 'console')", name=op.f("ck_conversations_channel")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
    )
    op.create_index(op.f("ix_conversations_updated_at"), "conversations", ["updated_at"], unique=False)
    op.create_table(
        "documents",
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", KEY, nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("digest", KEY, nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('article', 'faq')", name=op.f("ck_documents_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
    )
    op.create_index(op.f("ix_documents_source"), "documents", ["source"], unique=False)
    op.create_table(
        "index_snapshots",
        sa.Column("id", KEY, nullable=False),
        sa.Column("revision", NUMBER, nullable=False),
        sa.Column("embedder", KEY, nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("passages", sa.Integer(), nullable=False),
        sa.Column("curated_threshold", sa.Float(), nullable=False),
        sa.Column("answerable_threshold", sa.Float(), nullable=False),
        sa.Column("created_at", KEY, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_index_snapshots")),
    )
    op.create_table(
        "knowledge_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_state")),
    )
    op.create_table(
        "unanswered_questions",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("digest", KEY, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", KEY, nullable=False),
        sa.Column("best_confidence", sa.Float(), nullable=False),
        sa.Column("nearest_document", KEY, nullable=True),
        sa.Column("first_asked_at", MOMENT, nullable=False),
        sa.Column("last_asked_at", MOMENT, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unanswered_questions")),
        sa.UniqueConstraint("digest", name=op.f("uq_unanswered_questions_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_unanswered_questions_times_last_asked_at"),
        "unanswered_questions",
        ["times", "last_asked_at"],
        unique=False,
    )
    op.create_table(
        "users",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("channel", KEY, nullable=False),
        sa.Column("external_id", KEY, nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.CheckConstraint("channel IN ('telegram', 'discord', 'web', 'console')", name=op.f("ck_users_channel")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("channel", "external_id", name=op.f("uq_users_channel_external_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "faq_entries",
        sa.Column("document_id", KEY, nullable=False),
        sa.Column("wordings", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_faq_entries_document_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_faq_entries")),
    )
    op.create_table(
        "passages",
        sa.Column("id", KEY, nullable=False),
        sa.Column("document_id", KEY, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("role", KEY, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("start_offset", sa.Integer(), nullable=False),
        sa.Column("end_offset", sa.Integer(), nullable=False),
        sa.Column("language", KEY, nullable=False),
        sa.Column("heading_path", sa.JSON(), nullable=False),
        sa.CheckConstraint("role IN ('text', 'wording', 'answer')", name=op.f("ck_passages_role")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_passages_document_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passages")),
        sa.UniqueConstraint("document_id", "ordinal", name=op.f("uq_passages_document_id_ordinal")),
    )
    op.create_table(
        "preferences",
        sa.Column("user_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("language", KEY, nullable=True),
        sa.Column("persona", KEY, nullable=True),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_preferences_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_preferences")),
    )
    op.create_table(
        "turns",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("channel", KEY, nullable=False),
        sa.Column("bot", KEY, nullable=False),
        sa.Column("update_id", KEY, nullable=False),
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("user_id", NUMBER, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("channel IN ('telegram', 'discord', 'web', 'console')", name=op.f("ck_turns_channel")),
        sa.CheckConstraint(
            "state IN ('accepted', 'working', 'answered', 'interrupted', 'failed')", name=op.f("ck_turns_state")
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_turns_conversation_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_turns_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turns")),
        sa.UniqueConstraint("channel", "bot", "update_id", name=op.f("uq_turns_channel_bot_update_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_turns_conversation_id_id"), "turns", ["conversation_id", "id"], unique=False)
    op.create_index(op.f("ix_turns_state_id"), "turns", ["state", "id"], unique=False)
    op.create_index(op.f("ix_turns_user_id"), "turns", ["user_id"], unique=False)
    op.create_table(
        "messages",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("conversation_id", KEY, nullable=False),
        sa.Column("turn_id", NUMBER, nullable=False),
        sa.Column("role", KEY, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", KEY, nullable=False),
        sa.Column("skill", KEY, nullable=False),
        sa.Column("outcome", KEY, nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "outcome IN ('curated', 'generated', 'quoted', 'unknown')", name=op.f("ck_messages_outcome")
        ),
        sa.CheckConstraint("role IN ('user', 'assistant')", name=op.f("ck_messages_role")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_messages_conversation_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_messages_turn_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_messages_conversation_id_id"), "messages", ["conversation_id", "id"], unique=False)
    op.create_index(op.f("ix_messages_turn_id"), "messages", ["turn_id"], unique=False)
    op.create_table(
        "passage_vectors",
        sa.Column("passage_id", KEY, nullable=False),
        sa.Column("embedder", KEY, nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["passage_id"], ["passages.id"], name=op.f("fk_passage_vectors_passage_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("passage_id", "embedder", name=op.f("pk_passage_vectors")),
    )
    op.create_table(
        "citations",
        sa.Column("message_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", KEY, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("passage", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("passage_id", KEY, nullable=False),
        sa.Column("start_offset", sa.Integer(), nullable=False),
        sa.Column("end_offset", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_citations_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", "ordinal", name=op.f("pk_citations")),
    )


def downgrade() -> None:
    op.drop_table("citations")
    op.drop_table("passage_vectors")
    op.drop_index(op.f("ix_messages_turn_id"), table_name="messages")
    op.drop_index(op.f("ix_messages_conversation_id_id"), table_name="messages")
    op.drop_table("messages")
    op.drop_index(op.f("ix_turns_user_id"), table_name="turns")
    op.drop_index(op.f("ix_turns_state_id"), table_name="turns")
    op.drop_index(op.f("ix_turns_conversation_id_id"), table_name="turns")
    op.drop_table("turns")
    op.drop_table("preferences")
    op.drop_table("passages")
    op.drop_table("faq_entries")
    op.drop_table("users")
    op.drop_index(op.f("ix_unanswered_questions_times_last_asked_at"), table_name="unanswered_questions")
    op.drop_table("unanswered_questions")
    op.drop_table("knowledge_state")
    op.drop_table("index_snapshots")
    op.drop_index(op.f("ix_documents_source"), table_name="documents")
    op.drop_table("documents")
    op.drop_index(op.f("ix_conversations_updated_at"), table_name="conversations")
    op.drop_table("conversations")
