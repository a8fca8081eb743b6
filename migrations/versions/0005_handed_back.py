"""How many attempts at a turn do not speak against it, as it was handed back on purpose.

Attempts made before count as they did: nobody knows any more how they ended.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.altering import altered

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with altered("turns") as turns:
        turns.add_column(sa.Column("excused", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """The older Parley counts all attempts, so what does not count is taken off. Nobody holds a turn meanwhile."""
    op.execute("UPDATE turns SET attempts = attempts - excused WHERE excused > 0")
    with altered("turns") as turns:
        turns.drop_column("excused")
