"""The layers of PyTorch that rows of the table stand for, each in the same small network.

A module of its own process: it is imported by the environment that has PyTorch, never by the one
that has TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any

_WIDTH, _CLASSES = 4, 3


@dataclass(frozen=True)
class TorchCase:
    """The shape of a sample, channels first, and the layer from ``torch.nn``.

    ``place`` as in `case.Case`; ``tokens`` too.
    """

    shape: tuple[int, ...]
    body: Callable[[Any], Any]
    place: str = "between"
    tokens: int | None = None


def network_of(case: TorchCase) -> Any:
    """The network, in evaluation mode, with weights by the seed."""
    torch = import_module("torch")
    nn = torch.nn
    torch.manual_seed(0)
    rank = len(case.shape)
    stems = {
        1: lambda: nn.Linear(case.shape[0], 2 * _WIDTH),
        2: lambda: nn.Conv1d(case.shape[0], _WIDTH, 3, padding=1),
        3: lambda: nn.Conv2d(case.shape[0], _WIDTH, 3, padding=1),
    }
    body = case.body(nn)
    layer = body if isinstance(body, nn.Module) else _called(nn, body)
    head = [nn.Flatten(), nn.LazyLinear(_CLASSES)]
    if case.place == "whole":
        parts = [layer]
    elif case.place == "last":
        parts = [stems[rank](), *head, layer]
    elif case.place == "first":
        parts = [layer, stems[rank](), *head]
    else:
        parts = [stems[rank](), layer, *head]
    model = nn.Sequential(*parts).eval()
    with torch.no_grad():
        model(samples_of(case, 1))
    return model


def samples_of(case: TorchCase, count: int) -> Any:
    """Random samples by the seed, a tensor."""
    torch = import_module("torch")
    torch.manual_seed(1)
    if case.tokens is not None:
        return torch.randint(0, case.tokens, (count, *case.shape), dtype=torch.int32)
    return torch.randn(count, *case.shape)


def _called(nn: Any, function: Callable[[Any], Any]) -> Any:
    """A module that is a function of a tensor."""

    class Called(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.function = function

        def forward(self, x: Any) -> Any:
            return self.function(x)

    return Called()


def _with_branches(nn: Any, merged: Callable[[Any, Any], Any]) -> Any:
    """Two linear branches of the last axis, and what merges them."""

    class Branches(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = nn.LazyLinear(_WIDTH), nn.LazyLinear(_WIDTH)

        def forward(self, x: Any) -> Any:
            return merged(self.left(x), self.right(x))

    return Branches()


def _recurrent(kind: str, **options: Any) -> Callable[[Any], Any]:
    def body(nn: Any) -> Any:
        class Recurrent(nn.Module):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__()
                self.layer = getattr(nn, kind)(_WIDTH, _WIDTH, batch_first=True, **options)

            def forward(self, x: Any) -> Any:
                return self.layer(x.transpose(1, 2))[0][:, -1]

        return Recurrent()

    return body


def _attention(nn: Any) -> Any:
    class Attention(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.MultiheadAttention(_WIDTH, 2, batch_first=True)

        def forward(self, x: Any) -> Any:
            x = x.transpose(1, 2)
            return self.layer(x, x, x, need_weights=False)[0]

    return Attention()


def _over_channels(norm: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Of NCHW, with the channels last."""

    def body(nn: Any) -> Any:
        class ChannelsLast(nn.Module):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__()
                self.layer = norm(nn)

            def forward(self, x: Any) -> Any:
                return self.layer(x.permute(0, 2, 3, 1))

        return ChannelsLast()

    return body


def _words(nn: Any) -> Any:
    class Words(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.words, self.head = nn.Embedding(50, 6), nn.Linear(6, _CLASSES)

        def forward(self, x: Any) -> Any:
            return self.head(self.words(x).mean(1))

    return Words()


def _heads(nn: Any) -> Any:
    class Heads(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.kind, self.place = nn.Linear(6, 3), nn.Linear(6, 2)

        def forward(self, x: Any) -> Any:
            return self.kind(x).softmax(-1), self.place(x)

    return Heads()


def _residual(nn: Any) -> Any:
    class Residual(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1)
            self.norm = nn.BatchNorm2d(_WIDTH)

        def forward(self, x: Any) -> Any:
            return x + self.norm(self.conv(x)).relu()

    return Residual()


VECTOR, SEQUENCE, IMAGE, VOLUME = (6,), (6, 8), (3, 8, 8), (2, 4, 4, 4)

_IMAGES: Mapping[str, Callable[[Any], Any]] = {
    "Conv2D": lambda nn: nn.Conv2d(4, 4, 3),
    "Conv2D, strides": lambda nn: nn.Conv2d(4, 4, 3, stride=2, padding=1),
    "Conv2D, dilated": lambda nn: nn.Conv2d(4, 4, 3, dilation=2),
    "Conv2D, groups": lambda nn: nn.Conv2d(4, 4, 3, groups=2),
    "DepthwiseConv2D": lambda nn: nn.Conv2d(4, 8, 3, groups=4),
    "SeparableConv2D": lambda nn: nn.Sequential(nn.Conv2d(4, 4, 3, groups=4), nn.Conv2d(4, 5, 1)),
    "Conv2DTranspose": lambda nn: nn.ConvTranspose2d(4, 3, 3, stride=2),
    "MaxPooling2D": lambda nn: nn.MaxPool2d(3, 2, padding=1),
    "AveragePooling2D": lambda nn: nn.AvgPool2d(3, 2, padding=1, count_include_pad=False),
    "GlobalMaxPooling2D": lambda nn: nn.AdaptiveMaxPool2d(1),
    "GlobalAveragePooling2D": lambda nn: nn.AdaptiveAvgPool2d(1),
    "AdaptiveAveragePooling2D": lambda nn: nn.AdaptiveAvgPool2d(4),
    "AdaptiveMaxPooling2D": lambda nn: nn.AdaptiveMaxPool2d(4),
    "BatchNormalization": lambda nn: nn.BatchNorm2d(4),
    "LayerNormalization": _over_channels(lambda nn: nn.LayerNorm(4)),
    "RMSNormalization": _over_channels(lambda nn: nn.RMSNorm(4)),
    "GroupNormalization": lambda nn: nn.GroupNorm(2, 4),
    "UpSampling2D": lambda nn: nn.Upsample(scale_factor=2),
    "UpSampling2D, bilinear": lambda nn: nn.Upsample(scale_factor=2, mode="bilinear"),
    "ZeroPadding2D": lambda nn: nn.ZeroPad2d(1),
    "Cropping2D": lambda nn: lambda x: x[:, :, 1:-1, 1:-1],
    "SpatialDropout2D": lambda nn: nn.Dropout2d(0.3),
    "residual block": _residual,
}
_SEQUENCES: Mapping[str, Callable[[Any], Any]] = {
    "Conv1D": lambda nn: nn.Conv1d(4, 4, 3),
    "Conv1D, causal, dilated": lambda nn: nn.Sequential(
        nn.ConstantPad1d((4, 0), 0.0), nn.Conv1d(4, 4, 3, dilation=2)
    ),
    "DepthwiseConv1D": lambda nn: nn.Conv1d(4, 4, 3, groups=4),
    "SeparableConv1D": lambda nn: nn.Sequential(nn.Conv1d(4, 4, 3, groups=4), nn.Conv1d(4, 5, 1)),
    "Conv1DTranspose": lambda nn: nn.ConvTranspose1d(4, 3, 3, stride=2),
    "MaxPooling1D": lambda nn: nn.MaxPool1d(2),
    "AveragePooling1D": lambda nn: nn.AvgPool1d(2),
    "GlobalMaxPooling1D": lambda nn: nn.AdaptiveMaxPool1d(1),
    "GlobalAveragePooling1D": lambda nn: nn.AdaptiveAvgPool1d(1),
    "AdaptiveAveragePooling1D": lambda nn: nn.AdaptiveAvgPool1d(3),
    "AdaptiveMaxPooling1D": lambda nn: nn.AdaptiveMaxPool1d(3),
    "activation relu": lambda nn: nn.ReLU(),
    "activation relu6": lambda nn: nn.ReLU6(),
    "activation leaky_relu": lambda nn: nn.LeakyReLU(),
    "activation elu": lambda nn: nn.ELU(),
    "activation selu": lambda nn: nn.SELU(),
    "activation celu": lambda nn: nn.CELU(),
    "activation gelu": lambda nn: nn.GELU(),
    "activation sigmoid": lambda nn: nn.Sigmoid(),
    "activation tanh": lambda nn: nn.Tanh(),
    "activation hard_sigmoid": lambda nn: nn.Hardsigmoid(),
    "activation hard_silu": lambda nn: nn.Hardswish(),
    "activation hard_tanh": lambda nn: nn.Hardtanh(),
    "activation silu": lambda nn: nn.SiLU(),
    "activation mish": lambda nn: nn.Mish(),
    "activation softplus": lambda nn: nn.Softplus(),
    "activation softsign": lambda nn: nn.Softsign(),
    "activation exponential": lambda nn: lambda x: x.exp(),
    "activation log_sigmoid": lambda nn: nn.LogSigmoid(),
    "activation log_softmax": lambda nn: nn.LogSoftmax(-1),
    "activation softmax": lambda nn: nn.Softmax(-1),
    "activation glu": lambda nn: nn.GLU(-1),
    "activation hard_shrink": lambda nn: nn.Hardshrink(),
    "activation soft_shrink": lambda nn: nn.Softshrink(),
    "activation tanh_shrink": lambda nn: nn.Tanhshrink(),
    "activation threshold": lambda nn: nn.Threshold(0.5, 0.0),
    "PReLU": lambda nn: nn.PReLU(4),
    "Flatten": lambda nn: nn.Flatten(),
    "Reshape": lambda nn: lambda x: x.reshape(1, 8, 4),
    "Permute": lambda nn: lambda x: x.permute(0, 2, 1),
    "Identity": lambda nn: nn.Identity(),
    "UpSampling1D": lambda nn: nn.Upsample(scale_factor=2),
    "ZeroPadding1D": lambda nn: nn.ConstantPad1d((1, 2), 0.0),
    "Cropping1D": lambda nn: lambda x: x[:, :, 1:-2],
    "GetItem: x[:, 1:5]": lambda nn: lambda x: x[:, 1:3],
    "GetItem: x[:, -1]": lambda nn: lambda x: x[:, -1],
    "Add": lambda nn: _with_branches(nn, lambda a, b: a + b),
    "Subtract": lambda nn: _with_branches(nn, lambda a, b: a - b),
    "Multiply": lambda nn: _with_branches(nn, lambda a, b: a * b),
    "Average": lambda nn: _with_branches(nn, lambda a, b: (a + b) / 2),
    "Maximum": lambda nn: _with_branches(nn, lambda a, b: a.maximum(b)),
    "Minimum": lambda nn: _with_branches(nn, lambda a, b: a.minimum(b)),
    "Concatenate": lambda nn: _with_branches(
        nn, lambda a, b: import_module("torch").cat([a, b], 1)
    ),
    "Dot": lambda nn: _with_branches(nn, lambda a, b: a @ b.transpose(1, 2)),
    "LSTM": _recurrent("LSTM"),
    "GRU": _recurrent("GRU"),
    "SimpleRNN": _recurrent("RNN"),
    "Bidirectional": _recurrent("LSTM", bidirectional=True),
    "MultiHeadAttention": _attention,
    "Dropout": lambda nn: nn.Dropout(0.3),
}
_VOLUMES: Mapping[str, Callable[[Any], Any]] = {
    "Conv3D": lambda nn: nn.Sequential(nn.Conv3d(2, 2, 2), nn.Flatten(), nn.LazyLinear(3)),
    "MaxPooling3D": lambda nn: nn.Sequential(nn.MaxPool3d(2), nn.Flatten(), nn.LazyLinear(3)),
    "AveragePooling3D": lambda nn: nn.Sequential(nn.AvgPool3d(2), nn.Flatten(), nn.LazyLinear(3)),
}

TORCH_CASES: Mapping[str, TorchCase] = MappingProxyType(
    {
        "Dense": TorchCase(VECTOR, lambda nn: nn.LazyLinear(4)),
        **{name: TorchCase(IMAGE, body) for name, body in _IMAGES.items()},
        **{name: TorchCase(SEQUENCE, body) for name, body in _SEQUENCES.items()},
        **{name: TorchCase(VOLUME, body, "whole") for name, body in _VOLUMES.items()},
        "RepeatVector": TorchCase(VECTOR, lambda nn: lambda x: x[:, None].repeat(1, 3, 1)),
        "Rescaling": TorchCase(IMAGE, lambda nn: lambda x: x * 0.5 - 1, "first"),
        "Embedding": TorchCase((12,), _words, "whole", tokens=50),
        "argmax": TorchCase(VECTOR, lambda nn: lambda x: x.argmax(-1), "last"),
        "several outputs": TorchCase(VECTOR, _heads, "whole"),
    }
)
"""By the name of the row in the table."""
