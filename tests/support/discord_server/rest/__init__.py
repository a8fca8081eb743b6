"""The REST side: each file serves one kind of route."""
