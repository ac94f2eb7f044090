"""Networks that are modules of torch, trained by :mod:`hoi_grokking.training.general`.

A registered network is called as ``function(sweep, data, **options)`` and returns a module that is called with all
inputs of the task at once: tokens (n, positions) or features (n, n_inputs), as in
:class:`hoi_grokking.training.tasks.Part`. `followed`, if the module has it, names the layers that are measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

import hoi
from hoi_grokking import registry
from hoi_grokking.config import Sweep
from hoi_grokking.training.tasks import Data

__all__ = ["EncoderDecoder", "Mlp", "Transformer", "encoder_decoder", "mlp", "transformer"]


class Elementwise(nn.Module):
    """A registered activation function as a layer."""

    def __init__(self, name: str) -> None:
        super().__init__()
        registry.check_name("activation", name, "The activation")
        self.function: Callable[[Tensor], Tensor] = registry.find("activation", name)

    def forward(self, values: Tensor) -> Tensor:
        """Entry by entry."""
        return self.function(values)


class Mlp(nn.Module):
    """Hidden layers of any number and width; tokens come in as the sum of their one-hot vectors.

    With one hidden layer it is the network of the paper, weights at the start included.
    """

    def __init__(self, n_inputs: int, widths: Sequence[int], n_outputs: int, activation: str, bias: bool) -> None:
        super().__init__()
        self.n_inputs = n_inputs
        layers: list[nn.Module] = []
        for before, width in zip([n_inputs, *widths], widths, strict=False):
            layers += [nn.Linear(before, width, bias=bias), Elementwise(activation)]
        self.hidden = nn.Sequential(*layers)
        self.out = nn.Linear(widths[-1], n_outputs, bias=False)
        self.followed = tuple(f"hidden.{place}" for place in range(1, len(layers), 2))

    def forward(self, inputs: Tensor) -> Tensor:
        """Outputs (n, n_outputs)."""
        if not inputs.is_floating_point():
            tokens = torch.arange(self.n_inputs, device=inputs.device)
            inputs = (inputs[..., None] == tokens).sum(-2).to(self.out.weight.dtype)
        return self.out(self.hidden(inputs))


def mlp(
    sweep: Sweep, data: Data, *, depth: int = 1, widths: Sequence[int] | None = None, activation: str = "relu"
) -> nn.Module:
    """An :class:`Mlp` of `depth` hidden layers of `Sweep.width`, or of these `widths`."""
    chosen = [sweep.width] * depth if widths is None else list(widths)
    if not chosen or min(chosen) < 1:
        raise hoi.HoiError(f"The network 'mlp' has hidden layers of {chosen} neurons, and needs one or more of each.")
    return Mlp(data.n_inputs, chosen, data.n_classes, activation, sweep.hidden_bias)


class Transformer(nn.Module):
    """One layer of attention and MLP that reads a, b, = and answers at the last position; no normalisation, as in
    Nanda et al. (2023).

    The other positions pass nothing on, so only the last one asks and goes through the MLP.

    Parameters
    ----------
    modulus : int
        Number of tokens; the token after them stands for the equals sign.
    stream, heads, hidden : int
        Width of the residual stream, heads of the attention, neurons of the MLP.
    """

    followed = ("attention", "mlp.1")

    def __init__(self, modulus: int, stream: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.modulus = modulus
        self.token = nn.Embedding(modulus + 1, stream)
        self.position = nn.Embedding(3, stream)
        for table in (self.token, self.position):
            nn.init.normal_(table.weight, std=stream**-0.5)
        self.attention = nn.MultiheadAttention(stream, heads, bias=False, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(stream, hidden), nn.ReLU(), nn.Linear(hidden, stream))
        self.unembed = nn.Linear(stream, modulus, bias=False)

    def forward(self, pairs: Tensor) -> Tensor:
        """Logits of the answer, (n, modulus), from pairs (a, modulus + b)."""
        tokens = nn.functional.pad(pairs % self.modulus, (0, 1), value=self.modulus)
        stream = self.token(tokens) + self.position.weight
        # with its weights, attention is made of operations that vmap knows
        attended, _ = self.attention(stream[:, -1:], stream, stream, average_attn_weights=False)
        last = stream[:, -1] + attended[:, 0]
        return self.unembed(last + self.mlp(last))


def transformer(sweep: Sweep, data: Data, *, stream: int = 64, heads: int = 4) -> nn.Module:
    """A :class:`Transformer` whose MLP has `Sweep.width` neurons, for a modular task."""
    return Transformer(_modulus("transformer", data), stream, heads, sweep.width)


class EncoderDecoder(nn.Module):
    """Each token goes through the same embedding and encoder; the sum of both codes goes through a decoder.

    After the toy model of Liu et al. (2022), "Towards understanding grokking: an effective theory of representation
    learning", whose encoder is the embedding alone.

    Parameters
    ----------
    modulus : int
        Number of tokens and of answers.
    embedding, encoder, decoder, code : int
        Entries of an embedding, neurons of the encoder and of the decoder, entries of a code.
    """

    followed = ("encoder.1", "decoder.1")

    def __init__(self, modulus: int, embedding: int, encoder: int, decoder: int, code: int) -> None:
        super().__init__()
        self.modulus = modulus
        self.token = nn.Embedding(modulus, embedding)
        self.encoder = nn.Sequential(nn.Linear(embedding, encoder), nn.ReLU(), nn.Linear(encoder, code))
        self.decoder = nn.Sequential(nn.Linear(code, decoder), nn.ReLU(), nn.Linear(decoder, modulus, bias=False))

    def forward(self, pairs: Tensor) -> Tensor:
        """Logits of the answer, (n, modulus), from pairs (a, modulus + b)."""
        codes = self.encoder(self.token(pairs % self.modulus))
        return self.decoder(codes.sum(-2))


def encoder_decoder(
    sweep: Sweep, data: Data, *, embedding: int = 32, encoder: int | None = None, code: int = 32
) -> nn.Module:
    """An :class:`EncoderDecoder` for a modular task; the decoder, and the encoder if nothing is said, has `Sweep.width`
    neurons.
    """
    first = sweep.width if encoder is None else encoder
    return EncoderDecoder(_modulus("encoder_decoder", data), embedding, first, sweep.width, code)


def _modulus(name: str, data: Data) -> int:
    """Of a modular task; any other is refused."""
    if data.train.inputs.dtype.kind == "f" or data.n_inputs != 2 * data.n_classes:
        raise hoi.HoiError(f"The network {name!r} needs the pairs of tokens of a modular task. Take 'mlp' for others.")
    return data.n_classes
