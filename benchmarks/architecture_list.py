"""The architectures of the matrix, and what is special about each."""

from typing import Any, NamedTuple


class Architecture(NamedTuple):
    """A model type of transformers, and what its tiny model needs beside the common sizes."""

    kind: str
    special: str
    settings: dict[str, Any] = {}  # noqa: RUF012 - never changed
    causal: bool = True
    double: bool = True  # it can be run in double precision
    norm_after_sum: bool = False  # the stream itself is normed, after attention was added
    refused: str | None = None  # what the sentence says

    @property
    def name(self) -> str:
        """For the ids of tests."""
        return f"{self.kind}-{self.special}".replace(" ", "-")


_MHA = {"num_key_value_heads": 4}
_MLA = _MHA | {
    "kv_lora_rank": 8,
    "q_lora_rank": 16,
    "qk_nope_head_dim": 8,
    "qk_rope_head_dim": 8,
    "v_head_dim": 8,
    "head_dim": 8,
    "n_group": 1,
    "topk_group": 1,
    "n_shared_experts": 1,
}
_DELTA = {
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 8,
    "linear_value_head_dim": 8,
}
_MAMBA = {"mamba_n_heads": 4, "mamba_d_head": 16, "mamba_d_state": 8, "mamba_n_groups": 1}

ARCHITECTURES = [
    Architecture("gpt2", "learned positions, fused QKV"),
    Architecture("openai-gpt", "norm after the sum", norm_after_sum=True),
    Architecture(
        "gpt_neo",
        "native attention, local windows",
        {
            "num_layers": 2,
            "num_heads": 4,
            "attention_types": [[["global", "local"], 1]],
            "window_size": 6,
        },
    ),
    Architecture("gptj", "native attention, rotary pairs", {"rotary_dim": 4}),
    Architecture("gpt_neox", "parallel, partly rotary"),
    Architecture("codegen", "parallel, QKV in blocks", {"rotary_dim": 4}),
    Architecture("gpt_bigcode", "multi-query"),
    Architecture("bloom", "ALiBi, no longest input"),
    Architecture("mpt", "ALiBi, no longest input", {"n_heads": 4, "n_layers": 2, "d_model": 32}),
    Architecture("falcon", "multi-query, parallel", {"head_dim": None}),
    Architecture(
        "opt",
        "native attention, learned positions",
        {
            "ffn_dim": 16,
            "word_embed_proj_dim": 32,
        },
    ),
    Architecture(
        "xglm",
        "native attention, sinusoids",
        {
            "d_model": 32,
            "num_layers": 2,
            "attention_heads": 4,
            "ffn_dim": 16,
        },
        double=False,
    ),
    Architecture("phi", "parallel, partly rotary"),
    Architecture("phi3", "fused QKV, grouped-query"),
    Architecture("stablelm", "partly rotary"),
    Architecture("llama", "grouped-query"),
    Architecture("mistral", "sliding window"),
    Architecture("ministral3", "scaled rotary"),
    Architecture("mixtral", "mixture of experts"),
    Architecture("qwen2", "biases on Q, K, V"),
    Architecture("qwen2_moe", "mixture of experts"),
    Architecture("qwen3", "norms on Q and K"),
    Architecture("qwen3_moe", "mixture of experts"),
    Architecture("gemma", "multi-query, wide heads"),
    Architecture("gemma2", "norm after attention, softcap, sliding window"),
    Architecture("gemma3_text", "norm after attention, two rotary bases"),
    Architecture("vaultgemma", "softcap, sliding window"),
    Architecture("cohere", "parallel, rotary pairs"),
    Architecture("cohere2", "layers without positions"),
    Architecture("olmo", "norm without weights"),
    Architecture("olmo2", "norm after attention alone"),
    Architecture("olmo3", "norm after attention, sliding window"),
    Architecture("olmoe", "mixture of experts, norms on Q and K"),
    Architecture("flex_olmo", "norm after attention, mixture of experts"),
    Architecture("exaone4", "norm after attention, norms on Q and K"),
    Architecture("glm", "fused MLP, rotary pairs"),
    Architecture("glm4", "norms before and after attention"),
    Architecture("glm4_moe", "mixture of experts", {"n_group": 1, "topk_group": 1}),
    Architecture(
        "granite",
        "residual factor",
        {
            "residual_multiplier": 0.22,
            "attention_multiplier": 0.1,
        },
    ),
    Architecture(
        "granitemoe",
        "residual factor, mixture of experts",
        {
            "residual_multiplier": 0.22,
        },
    ),
    Architecture("smollm3", "layers without rotary", {"no_rope_layer_interval": 2}),
    Architecture("starcoder2", "sliding window, biases"),
    Architecture("nemotron", "LayerNorm1P, partly rotary"),
    Architecture("arcee", "squared ReLU"),
    Architecture("apertus", "norms on Q and K, xIELU"),
    Architecture("seed_oss", "biases on Q, K, V"),
    Architecture("hunyuan_v1_dense", "norms on Q and K"),
    Architecture("ernie4_5", "rotary pairs"),
    Architecture("bitnet", "norm before the output projection"),
    Architecture("minimax_m2", "mixture of experts, norms on Q and K"),
    Architecture("jais2", "LayerNorm, squared ReLU"),
    Architecture("nanochat", "native attention, softcap on logits"),
    Architecture(
        "modernbert-decoder",
        "native attention, local windows",
        {
            "global_attn_every_n_layers": 2,
            "local_attention": 6,
        },
    ),
    Architecture(
        "llama4_text",
        "native attention, chunks, mixture of experts",
        {
            "intermediate_size_mlp": 16,
            "attention_chunk_size": 6,
        },
    ),
    Architecture("afmoe", "gated native attention, norm after it", {"num_dense_layers": 1}),
    Architecture("laguna", "gated native attention"),
    Architecture("gpt_oss", "sinks, sliding window"),
    Architecture("deepseek_v2", "latent attention", _MLA),
    Architecture("deepseek_v3", "latent attention, mixture of experts", _MLA),
    Architecture("lfm2", "hybrid with convolutions", {"full_attn_idxs": [1]}),
    Architecture(
        "qwen3_next",
        "hybrid, gated attention",
        _DELTA
        | {
            "layer_types": ["linear_attention", "full_attention"],
        },
    ),
    Architecture(
        "falcon_h1",
        "attention beside a state space, factors",
        _MAMBA
        | {
            "mamba_d_ssm": 64,
            "attention_out_multiplier": 0.5,
        },
    ),
    Architecture(
        "jamba",
        "hybrid with state spaces",
        {
            "attn_layer_period": 2,
            "attn_layer_offset": 1,
            "use_mamba_kernels": False,
            "mamba_d_state": 8,
            "expert_layer_period": 2,
            "expert_layer_offset": 1,
        },
    ),
    Architecture("mamba", "state space alone", refused="has no attention heads"),
    Architecture("bert", "encoder", refused="attend to later tokens"),
    Architecture("roberta", "encoder", refused="architecture"),
    Architecture(
        "t5",
        "encoder and decoder",
        {
            "d_model": 32,
            "d_kv": 8,
            "d_ff": 16,
            "num_layers": 2,
            "num_heads": 4,
        },
        causal=False,
        refused="from left to right",
    ),
    Architecture("jetmoe", "experts in attention", refused="hook_v"),
    Architecture(
        "gemma4_text",
        "head widths that differ by layer",
        {
            "global_head_dim": 16,
            "hidden_size_per_layer_input": 8,
            "vocab_size_per_layer_input": 64,
        },
        refused="wide in layer 0",
    ),
]
