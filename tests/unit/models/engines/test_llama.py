"""The compact Llama against transformers: the same tokens, the same numbers; and 4-bit blocks repacked without loss."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from models.engines.tokenizing import ChatTokenizer
from tests.support.batches import Bench
from tests.support.tiny_models import build_tiny_llama

if TYPE_CHECKING:
    from models.engines.int4 import Blocks

SHAPES: dict[str, dict[str, Any]] = {
    "shared keys": {},
    "keys of their own": {"num_key_value_heads": 4},
    "one key for all": {"num_key_value_heads": 1},
    "tied": {"tie_word_embeddings": True},
    "wide heads": {"head_dim": 32},
    "another base": {"rope_parameters": {"rope_type": "default", "rope_theta": 500000.0}, "rms_norm_eps": 1e-3},
}
PROMPTS = ("the quick brown fox 你好", "positive", "the lazy dog jumps over " * 12, "🙂👍🏽 好")


class Compact(Bench):
    """A bench whose decoder is the compact one; transformers' model is kept to compare with."""

    def __init__(self, folder: Path, kind: Any = "float32") -> None:
        from models.engines.llama import LlamaForward
        from models.engines.loading import load_generator
        from models.engines.running import pick_decoder

        compact = load_generator(folder, "cpu", kind, 1)
        assert isinstance(compact.model, LlamaForward)
        super().__init__(folder, decoder=pick_decoder(compact, 1 << 24))


@pytest.mark.parametrize("shape", list(SHAPES))
def test_it_writes_the_tokens_that_transformers_generate_writes(tmp_path: Path, shape: str) -> None:
    own = Compact(build_tiny_llama(tmp_path / "tiny", **SHAPES[shape]))
    asked = []
    for prompt in PROMPTS:
        asked.append(own.ask(prompt, new=16)[0])
        own.drive(steps=3)  # each joins while the others are written
    own.drive()
    for sequence, prompt in zip(asked, PROMPTS, strict=True):
        assert sequence.ids[sequence.prompt_tokens :] == own.generate(prompt, 16)


def test_its_numbers_are_those_of_transformers(tmp_path: Path) -> None:
    import torch

    own = Compact(build_tiny_llama(tmp_path / "tiny"))
    ids = own.loaded.tokenizer.encode(PROMPTS[2])
    with torch.inference_mode():
        theirs = own.loaded.model(torch.tensor([ids])).logits[0, -1]
    own.decoder.reserve(1, len(ids))
    end, logits = own.decoder.prefill(ids, 0)
    while end < len(ids):
        end, logits = own.decoder.prefill(ids, end)
    assert torch.allclose(logits[0], theirs, atol=1e-3)


def test_it_judges_as_transformers_does(tmp_path: Path) -> None:
    folder = build_tiny_llama(tmp_path / "tiny")
    texts = ["fox", "positive negative", "好", "", "fox " * 20]
    answers = []
    for own in (Compact(folder), Bench(folder)):
        _, listener = own.judge("the quick brown", texts)
        own.drive()
        answers.append(listener.events[0])
    assert answers[0] == pytest.approx(answers[1], abs=1e-4)


@pytest.mark.parametrize(
    "changes",
    [
        {"rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0}},
        {"attention_bias": True},
        {"mlp_bias": True},
        {"hidden_act": "gelu"},
    ],
)
def test_what_it_does_not_compute_goes_the_general_way(tmp_path: Path, changes: dict[str, Any]) -> None:
    from models.engines.loading import load_generator

    folder = build_tiny_llama(tmp_path / "tiny", **changes)
    loaded = load_generator(folder, "cpu", "float32", 1)
    assert type(loaded.model).__name__ == "LlamaForCausalLM"


def random_blocks(rows: int, columns: int, seed: int = 0) -> Blocks:
    import torch

    from models.engines.int4 import Blocks

    random = torch.Generator().manual_seed(seed)
    scales = (torch.rand((rows, columns // 32), generator=random) * 0.05 + 0.01).half()
    numbers = torch.randint(0, 16, (rows, columns), dtype=torch.uint8, generator=random)
    return Blocks(numbers, scales, (-7.5 * scales.float()).half())


def with_blocks(folder: Path) -> Path:
    """A tiny Llama whose layers' weights are blocks, and blocks beside them, as a conversion leaves it."""
    import torch
    from safetensors.torch import load_file, save_file

    from models.engines.int4 import FILE, HEAD, rounded, write_blocks

    build_tiny_llama(folder, hidden_size=64, intermediate_size=96, vocab_size=512)
    weights = load_file(folder / "model.safetensors")
    found = {}
    for seed, name in enumerate(sorted(weights)):
        if "_proj" in name:
            found[name] = random_blocks(*weights[name].shape, seed=seed)
            weights[name] = found[name].weights().to(torch.bfloat16)
    head = rounded(weights["lm_head.weight"])
    assert head is not None
    found[HEAD] = head
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert write_blocks(iter(found.items()), folder / FILE)
    return folder


@pytest.mark.parametrize("kind", ["auto", "int4"])
def test_blocks_beside_the_weights_are_used_and_stay_close(tmp_path: Path, kind: str) -> None:
    import torch

    from models.engines.int4 import PackedLinear
    from models.engines.llama import LlamaForward
    from models.engines.loading import load_generator
    from models.engines.running import pick_decoder

    folder = with_blocks(tmp_path / "tiny")
    ids = ChatTokenizer(folder).encode("the quick brown fox jumps over the lazy dog 你好")
    lines = []
    for each in ("float32", kind):
        loaded = load_generator(folder, "cpu", each, 1)  # type: ignore[arg-type]
        assert isinstance(loaded.model, LlamaForward)
        assert isinstance(loaded.model._layers[0].qkv.few, PackedLinear) == (each != "float32")
        assert (type(loaded.model._head).__name__ == "ScreenedHead") == (each != "float32")
        decoder = pick_decoder(loaded, 0)
        decoder.reserve(1, 64)
        rows = [decoder.decode([token], [at])[0] for at, token in enumerate(ids)]
        lines.append(torch.stack(rows).float().log_softmax(-1))
    exact, packed = lines
    assert float((exact.exp() * (exact - packed)).sum(-1).mean()) < 0.01


def test_the_same_text_with_a_seed_alone_and_in_company_from_blocks(tmp_path: Path) -> None:
    folder = with_blocks(tmp_path / "tiny")
    options: dict[str, Any] = {"temperature": 1.2, "seed": 3, "new": 24}
    alone = Compact(folder, "auto").written("the quick brown fox", **options)
    own = Compact(folder, "auto")
    for company in range(1, 4):
        for number in range(company):
            own.ask(f"the lazy dog {number} " * (5 * number + 1), new=20)
        own.drive(steps=company)
        sequence, _ = own.ask("the quick brown fox", **options)
        own.drive()
        assert sequence.ids[sequence.prompt_tokens :] == alone


@pytest.mark.parametrize("kind", ["Q4_0", "Q4_1"])
def test_blocks_of_a_gguf_stand_for_the_weights_that_transformers_reads(tmp_path: Path, kind: str) -> None:
    """A file as llama.cpp lays it out: heads' rows in pairs, two numbers a byte."""
    import gguf
    import numpy as np
    import torch

    from models.engines.gguf_blocks import llama_blocks

    writer = gguf.GGUFWriter(str(tmp_path / "tiny.gguf"), "llama")
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    quantised = gguf.GGMLQuantizationType[kind]
    random = np.random.default_rng(0)
    plain = {name: random.normal(size=(16, 64)).astype(np.float32) for name in ("attn_q", "attn_k", "ffn_up")}
    for name, weight in plain.items():
        data = gguf.quants.quantize(weight, quantised)
        writer.add_tensor(f"blk.0.{name}.weight", data, raw_dtype=quantised)
        plain[name] = gguf.quants.dequantize(data, quantised)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    found = dict(llama_blocks(tmp_path / "tiny.gguf"))
    assert len(found) == 3
    for name, part, heads in (("attn_q", "self_attn.q_proj", 2), ("attn_k", "self_attn.k_proj", 1)):
        weight = torch.from_numpy(plain[name])
        # What transformers' reader does to these two.
        halves = weight.reshape(heads, -1, 2, 64).transpose(1, 2).reshape(16, 64)
        assert torch.allclose(found[f"model.layers.0.{part}.weight"].weights(), halves, atol=1e-6)
    assert torch.allclose(found["model.layers.0.mlp.up_proj.weight"].weights(), torch.from_numpy(plain["ffn_up"]))


def test_blocks_come_back_from_their_file(tmp_path: Path) -> None:
    from models.engines.int4 import FILE, read_blocks, write_blocks

    blocks = random_blocks(8, 64)
    write_blocks(iter([("a.weight", blocks)]), tmp_path / FILE)
    read = read_blocks(tmp_path)
    again = read("a.weight")
    assert again is not None
    assert again.weights().equal(blocks.weights())
    assert read("b.weight") is None


def test_rounding_to_blocks_errs_by_half_a_step() -> None:
    import torch

    from models.engines.int4 import rounded

    weight = torch.randn((64, 96), generator=torch.Generator().manual_seed(0)).to(torch.bfloat16)
    weight[:, :32] = 0.25  # a block of one number
    blocks = rounded(weight)
    assert blocks is not None
    steps = blocks.scales.float().repeat_interleave(32, dim=1)
    assert bool(((blocks.weights() - weight.float()).abs() <= 0.51 * steps + 2e-3).all())
    assert rounded(weight[:, :40]) is None
    assert rounded(weight[:10]) is None


@pytest.mark.parametrize("spread", [0.02, 0.2, 1.0])
@pytest.mark.parametrize("kind", ["float32", "bfloat16"])
def test_a_screened_head_computes_what_is_likely_and_nothing_else_anew(kind: str, spread: float) -> None:
    import torch

    from models.engines.int4 import rounded
    from models.engines.screening import MARGIN, ScreenedHead

    random = torch.Generator().manual_seed(1)
    weight = torch.randn((1024, 64), generator=random).to(torch.bfloat16)
    x = (torch.randn((8, 64), generator=random) * spread).to(torch.bfloat16).to(getattr(torch, kind))
    blocks = rounded(weight)
    assert blocks is not None
    with torch.inference_mode():
        head = ScreenedHead(weight, blocks, x.dtype)
        screened, roughly = head.few(x).float(), head._screen(x).float()
        exact = torch.nn.functional.linear(x.to(torch.bfloat16), weight).float()
        for row in range(8):
            alone = head.few(x[row : row + 1])[0].float()
            assert alone.equal(screened[row])  # the company's likely tokens change nothing
    far = roughly < roughly.amax(-1, keepdim=True) - MARGIN - 0.1
    likely = roughly > roughly.amax(-1, keepdim=True) - MARGIN + 0.1
    assert screened[far].equal(roughly[far])
    assert torch.allclose(screened[likely], exact[likely])
    assert screened.argmax(-1).equal(exact.argmax(-1))


@pytest.mark.parametrize("rows", [1, 2, 3, 8, 128])
def test_a_weight_that_was_laid_down_in_order_gives_the_very_same_numbers(rows: int) -> None:
    import torch

    from models.engines.reordered import ReorderedWeight, can_reorder

    if not can_reorder():
        pytest.skip("this machine does not multiply bf16 itself")
    random = torch.Generator().manual_seed(rows)
    for inputs, outputs in ((64, 96), (96, 64), (576, 960)):
        weight = torch.randn((outputs, inputs), generator=random).bfloat16()
        x = torch.randn((rows, inputs), generator=random).bfloat16()
        plain = torch.nn.functional.linear(x, weight)
        ordered = ReorderedWeight(weight)
        assert torch.equal(ordered(x), plain)
        assert torch.equal(ordered(x[:1]), torch.nn.functional.linear(x[:1], weight))
