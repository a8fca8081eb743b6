"""The places where people write."""
