"""What channels need: where turns came from, replaced turns, the outbox, opinions, access."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.altering import KEY, MOMENT, NUMBER, altered

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATES = "state IN ('accepted', 'working', 'answered', 'interrupted', 'failed'"
OUTCOMES = "outcome IN ('curated', 'generated', 'quoted', 'unknown'"


def upgrade() -> None:
    op.add_column("conversations", sa.Column("values", sa.JSON(), nullable=False, server_default="{}"))
    with altered("turns") as turns:
        turns.add_column(sa.Column("message_id", KEY, nullable=False, server_default=""))
        turns.add_column(sa.Column("origin", sa.JSON(), nullable=False, server_default="{}"))
        turns.drop_constraint(op.f("ck_turns_state"), type_="check")
        turns.create_check_constraint(op.f("ck_turns_state"), f"{STATES}, 'replaced')")
        turns.drop_index(op.f("ix_turns_user_id"))
        turns.create_index(op.f("ix_turns_user_id_received_at"), ["user_id", "received_at"])
        turns.create_index(op.f("ix_turns_conversation_id_message_id"), ["conversation_id", "message_id"])
    with altered("messages") as messages:
        messages.add_column(sa.Column("superseded", sa.Boolean(), nullable=False, server_default=sa.false()))
        messages.drop_constraint(op.f("ck_messages_outcome"), type_="check")
        messages.create_check_constraint(op.f("ck_messages_outcome"), f"{OUTCOMES}, 'service')")
    op.create_table(
        "parts",
        sa.Column("turn_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("external_id", KEY, nullable=False),
        sa.Column("digest", KEY, nullable=False),
        sa.CheckConstraint("state IN ('sending', 'sent', 'failed')", name=op.f("ck_parts_state")),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_parts_turn_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("turn_id", "position", name=op.f("pk_parts")),
    )
    op.create_index(op.f("ix_parts_external_id"), "parts", ["external_id"])
    op.create_table(
        "opinions",
        sa.Column("turn_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("user_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("opinion", KEY, nullable=False),
        sa.Column("given_at", MOMENT, nullable=False),
        sa.CheckConstraint("opinion IN ('good', 'bad')", name=op.f("ck_opinions_opinion")),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_opinions_turn_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_opinions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("turn_id", "user_id", name=op.f("pk_opinions")),
    )
    op.create_index(op.f("ix_opinions_user_id"), "opinions", ["user_id"])
    op.create_index(op.f("ix_opinions_given_at"), "opinions", ["given_at"])
    op.create_table(
        "access",
        sa.Column("user_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.CheckConstraint("state IN ('pending', 'allowed', 'banned')", name=op.f("ck_access_state")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_access_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_access")),
    )
    op.create_index(op.f("ix_access_code"), "access", ["code"])


def downgrade() -> None:
    """What the older Parley has no words for goes: replaced turns with what was said in them, origins, the outbox."""
    op.drop_table("access")
    op.drop_table("opinions")
    op.drop_table("parts")
    # On SQLite foreign keys are off here, so nothing goes by itself.
    op.execute("DELETE FROM citations WHERE message_id IN (SELECT id FROM messages WHERE superseded)")
    op.execute("DELETE FROM messages WHERE superseded")
    op.execute("DELETE FROM turns WHERE state = 'replaced'")
    op.execute("UPDATE messages SET outcome = 'curated' WHERE outcome = 'service'")
    with altered("messages") as messages:
        messages.drop_constraint(op.f("ck_messages_outcome"), type_="check")
        messages.create_check_constraint(op.f("ck_messages_outcome"), f"{OUTCOMES})")
        messages.drop_column("superseded")
    with altered("turns") as turns:
        turns.drop_index(op.f("ix_turns_conversation_id_message_id"))
        turns.drop_index(op.f("ix_turns_user_id_received_at"))
        turns.create_index(op.f("ix_turns_user_id"), ["user_id"])
        turns.drop_constraint(op.f("ck_turns_state"), type_="check")
        turns.create_check_constraint(op.f("ck_turns_state"), f"{STATES})")
        turns.drop_column("origin")
        turns.drop_column("message_id")
    with op.batch_alter_table("conversations") as conversations:
        conversations.drop_column("values")
