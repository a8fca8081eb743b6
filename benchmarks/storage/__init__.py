"""How fast turns are kept and histories read."""
