"""What would keep a model from running, found without loading its weights.

check_runs(resolve("./my-model", Task.GENERATE), Path("./my-model"))     # silent, or raises InvalidWeights
"""

from __future__ import annotations

from pathlib import Path

from models.catalogue import GgufSource, ModelSpec, ServerSource, Task
from models.encoders.layout import read_layout
from models.engines.tokenizing import ChatTokenizer
from models.locks import LOADING
from models.tasks.classifiers import class_names, sentiment_classes
from models.tasks.rerank import check_reranks
from models.tasks.seq2seq import Seq2SeqTranslator
from models.types import ChatMessage

_TALK = (ChatMessage("system", "Be short."), ChatMessage("user", "Hello"))


def check_runs(spec: ModelSpec, folder: Path) -> None:
    """Load the tokenizer of a checked folder, fill in its chat template where it writes, and compare its tensors with
    those that its architecture has. Of GGUF files and servers nothing is looked at.

    Raises InvalidWeights. Imports torch and transformers, and takes a second after that.
    """
    if isinstance(spec.source, GgufSource | ServerSource):
        return
    if spec.architecture == "causal":
        ChatTokenizer(folder).encode_chat(_TALK)
    elif spec.architecture == "encoder":
        read_layout(folder)
    with LOADING:
        _check_architecture(spec, folder)


def _check_architecture(spec: ModelSpec, folder: Path) -> None:
    from transformers import AutoModel, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoModelForSequenceClassification

    from models.pretrained import POOLERS, check_tensors, load_config, load_tokenizer

    if spec.architecture == "causal":
        check_tensors(AutoModelForCausalLM, folder, name=spec.name)
    elif spec.architecture == "encoder":
        check_tensors(AutoModel, folder, name=spec.name, unused=POOLERS)
    elif spec.architecture == "seq2seq":
        Seq2SeqTranslator(folder, name=spec.name, pairs=spec.pairs)
        load_tokenizer(folder, name=spec.name)
        check_tensors(AutoModelForSeq2SeqLM, folder, name=spec.name)
    else:
        load_tokenizer(folder, name=spec.name)
        config = load_config(folder, name=spec.name)
        if Task.RERANK in spec.tasks:
            check_reranks(config, spec.name)
        else:
            sentiment_classes(class_names(config), spec.name)
        check_tensors(AutoModelForSequenceClassification, folder, name=spec.name)
