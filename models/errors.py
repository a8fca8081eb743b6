"""Errors of the models. Each message is a sentence for the person, and says what to do.

ModelError
├── UnknownModel        no such name in the catalogue, or no such profile
├── WeightsUnavailable  weights are not on disk and could not be fetched, or fail their checksum twice
├── InvalidWeights      a model folder is incomplete, of an unknown architecture, or holds pickles
├── TooLarge            a model takes more memory than there is for models
├── DeviceMissing       the settings ask for a GPU, and none can be used
├── InvalidRows         a file of rows with known answers cannot be read, or what measures them is not installed
├── ContextTooLong      the prompt does not fit the model's context
├── UnsupportedLanguage the model cannot work in that language or pair of languages
└── EngineFailed        the engine stopped, ran out of memory, or its server did not answer
    ├── Overloaded      the engine's queue is full
    └── CannotScore     the engine writes, but does not tell how likely a text is
"""


class ModelError(Exception):
    """The root of the models' errors."""

    @property
    def reason(self) -> str:
        """For a log: the kind, and the sentence, which names models, servers, settings and sizes. Of a kind whose
        sentence may repeat what a person asked for, the kind alone.
        """
        kind = type(self).__name__
        return kind if isinstance(self, UnsupportedLanguage | InvalidRows) else f"{kind}: {self}"


class UnknownModel(ModelError):  # noqa: N818 - reads as a sentence where it is raised
    """No such name in the catalogue, or no such profile."""


class WeightsUnavailable(ModelError):  # noqa: N818
    """Weights are not on disk and could not be fetched."""


class InvalidWeights(ModelError):  # noqa: N818
    """A model folder cannot be loaded."""


class TooLarge(ModelError):  # noqa: N818
    """A model takes more memory than there is for models; it was not loaded."""


class DeviceMissing(ModelError):  # noqa: N818
    """The settings ask for a GPU, and none can be used; unlike EngineFailed, it does not pass by itself."""


class InvalidRows(ModelError):  # noqa: N818
    """A file of rows with known answers cannot be read, or what measures them is not installed."""


class ContextTooLong(ModelError):  # noqa: N818
    """The prompt does not fit the model's context."""


class UnsupportedLanguage(ModelError):  # noqa: N818
    """The model cannot work in that language, or pair of languages."""


class EngineFailed(ModelError):  # noqa: N818
    """The engine stopped, ran out of memory, or its server did not answer."""


class Overloaded(EngineFailed):
    """The engine's queue is full; the same request may work later."""


class CannotScore(EngineFailed):
    """The engine writes, but does not tell how likely a text is; tasks go by something else."""
