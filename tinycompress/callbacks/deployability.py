"""What the model in training would be on its board, in the logs of every epoch."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinycompress.artifacts import Activations, ExactTo, OutputQuality
from tinycompress.boards import load_board
from tinycompress.callbacks.base import EitherKerasCallback
from tinycompress.callbacks.pruning import without_wrappers
from tinycompress.callbacks.samples import as_source
from tinycompress.conversion import ConvertOptions
from tinycompress.conversion.isolated import convert_in_subprocess
from tinycompress.deploy.budgets import DROP, LEAST_SCORE, Budgets
from tinycompress.deploy.isolated import deploy_in_subprocess
from tinycompress.errors import ConfigError, DoesNotFitError
from tinycompress.quality.judging import score_text
from tinycompress.quality.limits import largest_drop, least_score

_LOG = logging.getLogger(__name__)
_UNKNOWN = float("nan")
_LEAST_TIME_S = 1.0


@dataclass(frozen=True)
class Measurement:
    """One look at the model; what is not known is NaN.

    ``int8_accuracy`` is the score of the integer file's output, of several their mean;
    ``least_score`` that of the worst, and ``largest_drop`` what the output, or a channel of one,
    lost of its score in float that lost most. ``quality`` has all of them. ``fits`` is 1 if the
    firmware fits the board and every budget is kept, else 0. ``seconds`` is what the look cost.
    ``problem`` says why it does not fit or, where ``failed``, why the look
    failed.
    """

    flash_bytes: float = _UNKNOWN
    ram_bytes: float = _UNKNOWN
    latency_us: float = _UNKNOWN
    int8_accuracy: float = _UNKNOWN
    least_score: float = _UNKNOWN
    largest_drop: float = _UNKNOWN
    fits: float = 0.0
    seconds: float = 0.0
    problem: str = ""
    failed: bool = False
    quality: tuple[OutputQuality, ...] = ()

    def figures(self, outputs: int = 1) -> dict[str, float]:
        """What goes into the logs, without the prefix.

        Args:
            outputs: How many the model has; of several each has its score.
        """
        names = (
            "flash_bytes", "ram_bytes", "latency_us", "int8_accuracy", "least_score",
            "largest_drop", "fits", "seconds",
        )  # fmt: skip
        known = {one.index: one.score for one in self.quality}
        scores = {} if outputs < 2 else {f"score_{i}": known.get(i) for i in range(outputs)}
        return {
            **{name: float(getattr(self, name)) for name in names},
            **{name: _UNKNOWN if one is None else one for name, one in scores.items()},
        }


class DeployabilityCallback(EitherKerasCallback):
    """Convert, build and measure the model every few epochs, and log what it would cost.

    Into the logs go, each epoch, ``deploy_flash_bytes``, ``deploy_ram_bytes``,
    ``deploy_latency_us``, ``deploy_int8_accuracy``, ``deploy_least_score``,
    ``deploy_largest_drop``, ``deploy_fits`` (1 or 0) and ``deploy_seconds``, what the last look
    took; of a model with several outputs also ``deploy_score_0``, ``deploy_score_1``, ... Epochs
    between two looks repeat the last values.
    Callbacks behind this one in the list see them; `order_callbacks` sees to that.

    The first and the last epoch of a ``fit`` are always looked at. Conversion, build and the
    virtual board run in processes of their own. A look that fails is told, logged as NaN with
    ``deploy_fits`` 0, and never ends the training unless ``strict``.

    Args:
        board: Id, alias or file of a board.
        calibration: Samples that set the ranges: an ``.npz`` with ``x`` (and labels ``y``),
            an array, ``(x, y)``, a mapping, or a ``tf.data.Dataset``.
        every: Look after every so many epochs.
        budgets: Limits that ``deploy_fits`` takes into account; a mapping or `Budgets`.
        evaluation: Labelled samples, in the same forms, that accuracy is counted on; None
            takes the calibration samples if they have labels.
        evaluation_samples: At most so many of them.
        time_limit_s: Seconds after which a look is given up.
        exact_to: Whose arithmetic the firmware reproduces.
        activations: What the model is converted to. ``int16`` is 16x8; the accuracy of its file is
            still called ``deploy_int8_accuracy``, so that monitors and budgets stay as they are.
        strict: Raise what goes wrong instead of logging NaN.
        prefix: What the names in the logs begin with.
        verbose: 0 is silent; None does as ``fit`` does.

    Attributes:
        latest: The last look; None before the first.

    Raises:
        ConfigError: A value out of range, or an unknown budget; there is no data file.
        BoardError: An unknown board.
    """

    def __init__(
        self,
        board: str | Path,
        calibration: Any,
        every: int = 1,
        budgets: Budgets | Mapping[str, float] | None = None,
        *,
        evaluation: Any = None,
        evaluation_samples: int = 500,
        time_limit_s: float = 300.0,
        exact_to: ExactTo = "tflm",
        activations: Activations = "int8",
        strict: bool = False,
        prefix: str = "deploy",
        verbose: int | None = None,
    ) -> None:
        super().__init__(verbose=verbose)
        if every < 1:
            raise ConfigError(f"DeployabilityCallback: every is {every}; allowed: 1 or more epochs")
        if not time_limit_s > 0:
            raise ConfigError(
                f"DeployabilityCallback: time_limit_s is {time_limit_s:g}; allowed: above 0"
            )
        self.board = load_board(str(board))
        self.calibration = as_source(calibration, what="calibration")
        self.evaluation = as_source(evaluation, what="evaluation")
        self.every = every
        self.budgets = Budgets.of(budgets)
        self.time_limit_s = time_limit_s
        self.strict = strict
        self.prefix = prefix
        self.latest: Measurement | None = None
        self._options = ConvertOptions(
            activations=activations, evaluation_samples=evaluation_samples, exact_to=exact_to
        )
        self._fresh = True
        self._deployed: Any = None
        self._deployed_of: Any = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Look at the first epoch, whatever its number."""
        self._fresh = True

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Look at the model if it is time to, and log."""
        last = epoch + 1 == self.params.get("epochs")
        if self.latest is None or self._fresh or last or (epoch + 1) % self.every == 0:
            before, self.latest = self.latest, self.measured()
            self._fresh = False
            self._tell(epoch, self.latest, before)
        if logs is not None:
            figures = self.latest.figures(_outputs_of(self.model))
            logs.update({f"{self.prefix}_{name}": value for name, value in figures.items()})

    def measured(self) -> Measurement:
        """Convert, build and run the model as it is now.

        Raises:
            TinyCompressError: Only with ``strict``: what went wrong.
        """
        start = time.monotonic()
        found: dict[str, Any] = {}
        problem, failed = "", False
        try:
            self._measure(found, start)
        except DoesNotFitError as error:
            problem = error.message
        # Whatever goes wrong here, hours of training are worth more than a figure.
        except Exception as error:
            if self.strict:
                raise
            problem = str(getattr(error, "message", f"{type(error).__name__}: {error}"))
            failed = True
        else:
            problem = "; ".join(self.budgets.exceeded(found))
            if not problem and not found["fits"]:
                problem = f"{self.board.name} has less RAM than that"
        found["fits"] = 0.0 if problem else 1.0
        seconds = time.monotonic() - start
        return Measurement(**found, seconds=seconds, problem=problem, failed=failed)

    def _measure(self, found: dict[str, Any], start: float) -> None:
        def time_left_s() -> float:
            return max(_LEAST_TIME_S, self.time_limit_s - (time.monotonic() - start))

        if self._deployed_of is not self.model:
            self._deployed, self._deployed_of = without_wrappers(self.model), self.model
        converted = convert_in_subprocess(
            self._deployed,
            self.calibration,
            evaluation=self.evaluation,
            options=self._options,
            timeout_s=time_left_s(),
        )
        found.update(_scores(converted.quality))
        deployed = deploy_in_subprocess(
            converted.tflite,
            self.board,
            exact_to=self._options.exact_to,
            timeout_s=time_left_s(),
        )
        found.update(
            flash_bytes=float(deployed.flash_bytes),
            ram_bytes=float(deployed.ram_bytes),
            latency_us=_UNKNOWN if deployed.latency_us is None else deployed.latency_us,
            fits=float(deployed.fits),
        )

    def _tell(self, epoch: int, now: Measurement, before: Measurement | None) -> None:
        known = [
            f"{what} {value:,.0f} {unit}"
            for what, value, unit in (
                ("flash", now.flash_bytes, "B"),
                ("RAM used", now.ram_bytes, "B"),
                ("latency", now.latency_us, "us (modelled)"),
            )
            if value == value  # NaN is not
        ]
        several = _outputs_of(self.model) > 1
        for one in now.quality:
            of = f" of output {one.index}" if several else ""
            shown = score_text(one, one.score).replace("%", " %")
            known.append(f"{self._options.activations} {one.score_name}{of} {shown}")
        verdict = "fits" if now.fits else f"does not fit: {now.problem}"
        if now.failed:
            verdict = f"the look failed: {now.problem}"
            # Once is enough, and it is said whatever ``verbose`` is.
            if before is None or before.problem != now.problem:
                _LOG.warning("%s: epoch %d: %s", self.prefix, epoch + 1, verdict)
        self.say(
            f"{self.prefix}: epoch {epoch + 1} on {self.board.name}:"
            f" {', '.join([*known, verdict])} ({now.seconds:.1f} s)"
        )


def _scores(quality: tuple[OutputQuality, ...]) -> dict[str, Any]:
    """What is known of the outputs' scores; nothing without labels."""
    scores = [one.score for one in quality if one.score is not None]
    found: dict[str, Any] = {"quality": quality}
    if scores:
        found["int8_accuracy"] = sum(scores) / len(scores)
    for name, value in ((LEAST_SCORE, least_score(quality)), (DROP, largest_drop(quality))):
        if value is not None:
            found[name] = value
    return found


def _outputs_of(model: Any) -> int:
    """How many outputs a model has; of one whose graph is not known 1."""
    return len(getattr(model, "outputs", None) or (model,))
