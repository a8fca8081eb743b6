"""The database's revisions, by Alembic. `bot.storage.migrate` applies them in process; there is no alembic.ini."""
