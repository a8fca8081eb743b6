"""Copies a whole database to another: from SQLite to PostgreSQL, or back. A copy that was broken off is gone on with.

The rows go in batches by primary key, parents before their children. Each batch is one transaction of the target, which
notes in the table `copy_progress` how far it has come; while that table is there, no Parley starts on the target. At
the end both databases are read through: every table must have the same count and the same SHA-256 on both sides.
"""
