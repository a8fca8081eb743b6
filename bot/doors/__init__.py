"""The doors to the knowledge base and to the models: off the event loop, and their errors put into Parley's own."""
