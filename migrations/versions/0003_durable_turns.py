"""What durable turns need: how far a reply's delivery is, who has taken a turn up, doubts, attachments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.altering import KEY, NUMBER, altered

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

DELIVERIES = "delivery IN ('pending', 'delivered', 'undeliverable', 'withdrawn', 'direct')"


def upgrade() -> None:
    """What had ended before counts as delivered: nobody waits for it any more."""
    with altered("turns") as turns:
        turns.add_column(sa.Column("delivery", KEY, nullable=False, server_default="pending"))
        turns.add_column(sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
        turns.add_column(sa.Column("stopped", sa.Boolean(), nullable=False, server_default=sa.false()))
        turns.create_index(op.f("ix_turns_delivery_id"), ["delivery", "id"])
        turns.create_check_constraint(op.f("ck_turns_delivery"), DELIVERIES)
    op.execute("UPDATE turns SET delivery = 'delivered' WHERE state NOT IN ('accepted', 'working')")
    op.execute("UPDATE turns SET delivery = 'direct' WHERE channel = 'console'")
    with op.batch_alter_table("parts") as parts:
        parts.add_column(sa.Column("hint", KEY, nullable=False, server_default=""))
        parts.add_column(sa.Column("doubt", KEY, nullable=False, server_default=""))
        parts.create_index(op.f("ix_parts_doubt"), ["doubt"])
        parts.create_check_constraint(op.f("ck_parts_doubt"), "doubt IN ('', 'repeated', 'left')")
    op.create_table(
        "attachments",
        sa.Column("turn_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", KEY, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_attachments_turn_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("turn_id", name=op.f("pk_attachments")),
    )


def downgrade() -> None:
    op.drop_table("attachments")
    with op.batch_alter_table("parts") as parts:
        parts.drop_constraint(op.f("ck_parts_doubt"), type_="check")
        parts.drop_index(op.f("ix_parts_doubt"))
        parts.drop_column("doubt")
        parts.drop_column("hint")
    with altered("turns") as turns:
        turns.drop_constraint(op.f("ck_turns_delivery"), type_="check")
        turns.drop_index(op.f("ix_turns_delivery_id"))
        turns.drop_column("stopped")
        turns.drop_column("attempts")
        turns.drop_column("delivery")
