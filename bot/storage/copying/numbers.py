"""The numbers that a table gives its rows: none is given twice, not even after its row was deleted."""

from __future__ import annotations

from sqlalchemy import Connection, Table, func, select, text


def last_number(connection: Connection, table: Table) -> int:
    """The highest number that the table ever gave; 0 for none, or where it gives no numbers."""
    column = table.autoincrement_column
    if column is None:
        return 0
    highest = connection.scalar(select(func.max(column))) or 0
    if connection.dialect.name == "sqlite":
        query = text("SELECT seq FROM sqlite_sequence WHERE name = :table")
        given = connection.scalar(query, {"table": table.name})
    else:
        sequence = _sequence(connection, table)
        query = text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}")  # noqa: S608 - its name
        given = connection.scalar(query) if sequence else 0
    return max(int(highest), int(given or 0))


def set_last_number(connection: Connection, table: Table, number: int) -> None:
    """The next row gets a higher one."""
    if not number:
        return
    values = {"table": table.name, "number": number}
    if connection.dialect.name != "sqlite":
        sequence = _sequence(connection, table)
        connection.execute(text("SELECT setval(:sequence, :number)"), {"sequence": sequence, "number": number})
    elif not connection.execute(text("UPDATE sqlite_sequence SET seq = :number WHERE name = :table"), values).rowcount:
        connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :number)"), values)


def _sequence(connection: Connection, table: Table) -> str | None:
    """The name of PostgreSQL's sequence, quoted where it has to be."""
    column = table.autoincrement_column
    assert column is not None
    query = text("SELECT pg_get_serial_sequence(:table, :column)")
    name: str | None = connection.scalar(query, {"table": table.name, "column": column.name})
    return name
