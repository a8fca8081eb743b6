"""Turns on many processes: procrastinate's queue on PostgreSQL, who leads, and answers that other processes write."""
