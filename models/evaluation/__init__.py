"""How good models are at their tasks, on rows whose right answers are known."""
