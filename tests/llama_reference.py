"""A Llama model in plain NumPy, straight from the GGUF file: slow, and shares no code.

One thing is done as openvino-genai does it: a Q4_1 block is `scale * q + minimum`, and OpenVINO's
4-bit weights are `scale * (q - zero)` with a whole `zero`, so the minimum is rounded. It moves the
sums below by a tenth, far more than the arithmetic does.
"""

from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, ReaderTensor
from gguf.quants import dequantize


def token_logprobs(path: Path, tokens: list[int]) -> list[float]:
    """Log-probability of each token but the first, given those before it."""
    reader = GGUFReader(path)
    weights = {t.name: _weights(t) for t in reader.tensors}

    def number(name: str) -> float:
        return reader.fields[f"llama.{name}"].contents()

    heads, kv_heads = int(number("attention.head_count")), int(number("attention.head_count_kv"))
    epsilon, base = number("attention.layer_norm_rms_epsilon"), number("rope.freq_base")
    embedding = weights["token_embd.weight"]
    size = embedding.shape[1] // heads
    state = embedding[tokens]
    for layer in range(int(number("block_count"))):
        w = {
            name.removeprefix(f"blk.{layer}.").removesuffix(".weight"): value
            for name, value in weights.items()
            if name.startswith(f"blk.{layer}.")
        }
        x = _norm(state, w["attn_norm"], epsilon)
        q = _rotate((x @ w["attn_q"].T).reshape(len(tokens), heads, size), base)
        k = _rotate((x @ w["attn_k"].T).reshape(len(tokens), kv_heads, size), base)
        v = (x @ w["attn_v"].T).reshape(len(tokens), kv_heads, size)
        state = state + _attend(q, k, v) @ w["attn_output"].T
        x = _norm(state, w["ffn_norm"], epsilon)
        gate = x @ w["ffn_gate"].T
        state = state + (gate / (1 + np.exp(-gate)) * (x @ w["ffn_up"].T)) @ w["ffn_down"].T
    output = weights.get("output.weight", embedding)
    logits = _norm(state, weights["output_norm.weight"], epsilon) @ output.T
    logits -= logits.max(-1, keepdims=True)
    logprobs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    return [float(logprobs[i, token]) for i, token in enumerate(tokens[1:])]


def _weights(tensor: ReaderTensor) -> np.ndarray:
    exact = dequantize(tensor.data, tensor.tensor_type)
    if tensor.tensor_type != GGMLQuantizationType.Q4_1:
        return exact
    blocks = np.frombuffer(tensor.data.tobytes(), np.uint8).reshape(-1, 20)
    scale, minimum = blocks[:, :4].copy().view(np.float16).astype(np.float32).T[..., None]
    q = np.concatenate([blocks[:, 4:] & 15, blocks[:, 4:] >> 4], axis=1)
    zero = np.round(np.divide(-minimum, scale, out=np.zeros_like(scale), where=scale != 0))
    return ((q - zero.clip(0, 15)) * scale).reshape(exact.shape)


def _norm(x: np.ndarray, weight: np.ndarray, epsilon: float) -> np.ndarray:
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + epsilon) * weight


def _rotate(x: np.ndarray, base: float) -> np.ndarray:
    """Rotary positions on neighbouring pairs, as GGUF files of this architecture are laid out."""
    length, _, size = x.shape
    angle = np.arange(length)[:, None] * base ** (-np.arange(0, size, 2) / size)
    cos, sin = np.cos(angle)[:, None, :], np.sin(angle)[:, None, :]
    turned = np.empty_like(x)
    turned[..., 0::2] = x[..., 0::2] * cos - x[..., 1::2] * sin
    turned[..., 1::2] = x[..., 0::2] * sin + x[..., 1::2] * cos
    return turned


def _attend(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
    length, heads, size = q.shape
    k, v = (np.repeat(part, heads // part.shape[1], axis=1) for part in (k, v))
    scores = np.einsum("ihd,jhd->hij", q, k) / np.sqrt(size)
    scores[:, np.triu(np.ones((length, length), bool), 1)] = -np.inf
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    scores /= scores.sum(-1, keepdims=True)
    return np.einsum("hij,jhd->ihd", scores, v).reshape(length, -1)
