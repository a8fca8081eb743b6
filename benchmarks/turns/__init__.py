"""What a turn costs beside the model: Parley against a bare echo handler, on the same fake Telegram."""
