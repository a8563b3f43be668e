"""What is measured: a reference network on a data set, recipes for it, and targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from benchmarks.results import networks, samples
from benchmarks.results.targets import Target, float_within, int8_within, smaller
from tinycompress.artifacts import ExactTo

Augment = Callable[[samples.Floats, Any], samples.Floats]


@dataclass(frozen=True)
class Training:
    """How a reference is trained: Adam, the learning rate falling to zero as a cosine does."""

    epochs: int
    batch_size: int
    learning_rate: float = 1e-3
    seed: int = 1
    """Of the first weights and the order of the samples."""


@dataclass(frozen=True)
class Experiment:
    """One network on one data set.

    Attributes:
        title: For the page.
        load: The data.
        network: Makes the reference.
        training: Of the reference; None where it is trained already.
        recipes: File stems in ``recipes/``, each one run from the reference.
        targets: What is to be reached.
        augment: Makes one augmented copy of the training data for the recipes.
        copies: So many of them, beside the data themselves.
        seed: Of the copies.
        exact_to: Whose kernels int8 accuracy is counted with; LiteRT's take a tenth of the time of
            TensorFlow Lite Micro's for convolutions.
        notes: What a reader must know to judge the figures.
    """

    title: str
    load: Callable[[], samples.Samples]
    network: Callable[[], Any]
    recipes: tuple[str, ...]
    targets: tuple[Target, ...]
    training: Training | None = None
    augment: Augment | None = None
    copies: int = 0
    seed: int = 2
    exact_to: ExactTo = "tflm"
    notes: tuple[str, ...] = ()


def _deep(recipe: str, dense_error_percent: float) -> tuple[Target, ...]:
    near = f"dense: error near {dense_error_percent:.2f} % (Han et al. 2015)"
    return (
        float_within(recipe, "original", None, near),
        smaller(recipe, "train", "nonzero_parameters", 12, "pruned: 12x fewer parameters"),
        float_within(recipe, "train", 0.0, "pruned: error no worse than the dense model's"),
        int8_within(recipe, "cluster", 0.1, "clustered, int8: within 0.1 point of dense float"),
        int8_within(recipe, "qat", 0.1, "after QAT, int8: within 0.1 point of dense float"),
    )


def _small(network: str, *, pruned: str = "prune") -> tuple[Target, ...]:
    """The targets of MLPerf Tiny's networks; ``pruned`` is the stage that ends the pruning."""
    pcqat, thin = f"{network}-pcqat", f"{network}-channels"
    return (
        int8_within(pcqat, pruned, 1.0, "50 % pruned, int8: within 1 point of float"),
        int8_within(pcqat, "qat", 1.5, "PCQAT, 16 clusters, int8: within 1.5 points of float"),
        smaller(thin, "train", "macs", 2, "thin channels: half the MACs"),
        int8_within(thin, "train", 1.5, "thin channels, int8: within 1.5 points of float"),
        smaller(thin, "train", "latency_us", None, "thin channels: latency on nano33, us"),
    )


EXPERIMENTS: Mapping[str, Experiment] = MappingProxyType(
    {
        "lenet300": Experiment(
            title="LeNet-300-100 on MNIST",
            load=samples.mnist_rows,
            network=networks.lenet300,
            training=Training(epochs=25, batch_size=128),
            recipes=("lenet300-deep",),
            targets=_deep("lenet300-deep", 1.64),
        ),
        "lenet5": Experiment(
            title="LeNet-5 on MNIST",
            load=samples.mnist_images,
            network=networks.lenet5,
            training=Training(epochs=12, batch_size=128),
            exact_to="litert",
            recipes=("lenet5-deep",),
            targets=_deep("lenet5-deep", 0.80),
        ),
        "dscnn": Experiment(
            title="DS-CNN on keywords",
            load=samples.keywords,
            network=networks.mlperf_dscnn,
            recipes=("dscnn-pcqat", "dscnn-channels"),
            targets=_small("dscnn"),
            augment=samples.shifted_keywords,
            copies=1,
            notes=(
                "The reference is MLPerf Tiny's trained network, its weights read from the int8"
                " file. It was trained on Speech Commands' training set; fine-tuning has only the"
                " 3,662 clips of the official test set by whose speakers nothing is measured.",
            ),
        ),
        "resnet8": Experiment(
            title="ResNet-8 on the CIFAR-10 subset",
            load=samples.cifar,
            network=networks.mlperf_resnet8,
            recipes=("resnet8-control", "resnet8-pcqat", "resnet8-channels"),
            targets=_small("resnet8", pruned="train"),
            augment=samples.shifted_images,
            copies=2,
            exact_to="litert",
            notes=(
                "The reference is MLPerf Tiny's trained network. It was trained on the whole"
                " training set of CIFAR-10, these 4,000 images included: its accuracy here is not a"
                " test accuracy, and what a recipe forgets of the 1,000 counts against it. One"
                " image is 0.1 point.",
                "resnet8-control trains without compression. An epoch at 2e-4 costs 1.8 points by"
                " itself, and one more at 2e-5 brings them back: 93.1 % float and 93.3 % int8,"
                " where the original has 93.2 % and 92.6 %. Taught by the original and ended at a"
                " low rate, fine-tuning on the 3,000 images loses nothing, so what resnet8-pcqat"
                " has lost behind its own epoch at 2e-5 is put down to pruning, although it has one"
                " epoch more at 2e-4. It has 5 epochs in all of 9,000 samples made from the 3,000"
                " images; what longer training or more images would win back is not measured.",
                "The first rates were tried on 600 of the 3,000 images. resnet8-channels was not"
                " tuned or run again: it trains at 5e-4 and ends at 1e-4, so part of its loss may"
                " be the rate's, and its flash, RAM, instructions and latency are those of earlier"
                " kernels, before and after alike.",
            ),
        ),
    }
)
