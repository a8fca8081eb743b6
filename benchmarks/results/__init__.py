"""Writing a benchmark's result beside this file, with its date and hardware."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def hardware() -> dict[str, Any]:
    """The processor and the versions that matter; no names of machines."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in ("torch", "transformers", "faiss-cpu", "tantivy")},
    }


def save(name: str, result: dict[str, Any]) -> Path:
    """Write `<name>.json`, replacing the last one."""
    path = HERE / f"{name}.json"
    whole = {"date": datetime.now(UTC).date().isoformat(), "hardware": hardware(), **result}
    path.write_text(json.dumps(whole, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return path
