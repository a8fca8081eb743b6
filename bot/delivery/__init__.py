"""From a platform's message to a kept turn, and from a turn to a kept reply."""
