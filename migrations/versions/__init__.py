"""One file a revision; the number in its name tells the order."""
