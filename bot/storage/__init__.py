"""Where everything is kept: SQL in the product (`sql.SqlStorage`), memory in tests (`memory.MemoryStorage`).

One noun per file. SQLAlchemy is imported by the files that need it, never by this package itself.
"""
