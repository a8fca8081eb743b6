"""The models part of the settings, as the models know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.doors.glossary import read_glossary
from bot.doors.models import named_models
from bot.doors.servers import model_servers

if TYPE_CHECKING:
    from bot.settings import Settings
    from models.registry import ModelOptions


def model_options(settings: Settings) -> ModelOptions:
    """Which models, and how they run. Raises SettingsError for a file of a key or a glossary that cannot be read."""
    from models.registry import ModelOptions

    models = settings.models
    return ModelOptions(
        profile=models.profile,
        models_dir=settings.models_dir,
        device=models.device,
        threads=models.threads or None,
        overrides=named_models(models),
        memory_bytes=None if models.memory_gb is None else int(models.memory_gb * 1e9),
        quantisation=models.quantisation,
        context_tokens=models.context_tokens,
        adapters={name: adapter.folder for name, adapter in models.adapters.items()},
        servers=model_servers(settings),
        glossary=read_glossary(settings.dialogue.glossary),
    )
