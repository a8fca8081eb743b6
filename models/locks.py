"""One lock for all loading.

transformers fills itself in as its names are asked for, and two threads that do so at once can meet it half-imported.
"""

from __future__ import annotations

import threading

LOADING = threading.RLock()
"""Held while transformers is imported and weights are read; whoever holds another lock takes this one last."""
