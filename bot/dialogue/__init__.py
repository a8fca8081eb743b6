"""From a turn to the events of answering it: which skill, in what context, and what is noted."""
