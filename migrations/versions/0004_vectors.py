"""Vectors that PostgreSQL searches itself, where its server has pgvector; other databases stay as they are.

Where it has not, or where the user may not switch it on, the table is made by a later start that finds it
(`bot.storage.vector_support`).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

AVAILABLE = """
    SELECT 1 FROM pg_available_extensions WHERE name = 'vector'
    AND string_to_array(coalesce(installed_version, default_version), '.')::int[] >= '{0,8}'
"""
# Written out rather than imported: a revision stays as it is when the tables move on.
TABLE = """
    CREATE TABLE IF NOT EXISTS indexed_vectors (
        passage_id VARCHAR COLLATE "C" NOT NULL,
        embedder VARCHAR COLLATE "C" NOT NULL,
        vector VECTOR,
        CONSTRAINT pk_indexed_vectors PRIMARY KEY (passage_id, embedder),
        CONSTRAINT fk_indexed_vectors_passage_id_embedder FOREIGN KEY (passage_id, embedder)
            REFERENCES passage_vectors (passage_id, embedder) ON DELETE CASCADE
    )
"""


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql" or connection.exec_driver_sql(AVAILABLE).first() is None:
        return
    try:
        with connection.begin_nested():
            connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS vector")
            connection.exec_driver_sql(TABLE)
    except sa.exc.ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != "42501":  # insufficient_privilege
            raise


def downgrade() -> None:
    """The extension stays: others may use it."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TABLE IF EXISTS indexed_vectors")
