"""Files of other frameworks, made in an environment of theirs: a script, not a module of the sweep.

    PYTHON foreign.py litert-torch DIRECTORY [ROW ...]
    PYTHON foreign.py onnx DIRECTORY [ROW ...]
    PYTHON foreign.py onnx2tf DIRECTORY [ROW ...]

``litert-torch`` and ``onnx`` need PyTorch, ``onnx2tf`` needs what ``onnx`` wrote. For every row
there is a ``.tflite`` then, or a ``.txt`` that says why not. What is there stays.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.layers.torch_cases import TORCH_CASES, TorchCase, network_of, samples_of

CALIBRATION = 40
_ONCE = "--once"
_LONGEST = 300


def file_of(directory: Path, row: str, suffix: str) -> Path:
    """Where a row's file is."""
    return directory / ("".join(c if c.isalnum() else "_" for c in row) + suffix)


def by_litert_torch(case: TorchCase, path: Path) -> None:
    """A static int8 ``.tflite`` by litert-torch and its quantizer."""
    litert_torch, quantizer = (
        import_module("litert_torch"),
        import_module("ai_edge_quantizer.quantizer"),
    )
    recipe = import_module("ai_edge_quantizer.recipe")
    interpreter = import_module("ai_edge_litert.interpreter")
    model, samples = network_of(case), samples_of(case, CALIBRATION)
    float_path = path.with_suffix(".float")
    litert_torch.convert(model, (samples[:1],)).export(str(float_path))
    made = quantizer.Quantizer(str(float_path), recipe.static_wi8_ai8())
    signatures = interpreter.Interpreter(str(float_path)).get_signature_list()
    (name, signature), *_ = signatures.items()
    rows = [{signature["inputs"][0]: one[None].numpy()} for one in samples]
    result = made.quantize(made.calibrate({name: rows}))
    path.write_bytes(bytes(result.quantized_model))
    float_path.unlink()


def as_onnx(case: TorchCase, path: Path) -> None:
    """An ``.onnx`` file, and samples for its calibration beside it, channels last."""
    torch, np = import_module("torch"), import_module("numpy")
    model, samples = network_of(case), samples_of(case, CALIBRATION)
    torch.onnx.export(
        model, (samples[:1],), str(path), input_names=["x"], opset_version=18, dynamo=True,
        external_data=False,
    )  # fmt: skip
    last = samples.movedim(1, -1) if samples.ndim > 2 else samples
    np.save(path.with_suffix(".npy"), last.numpy())


def by_onnx2tf(path: Path, onnx: Path) -> None:
    """A full-integer ``.tflite`` by onnx2tf."""
    place = path.with_suffix(".onnx2tf")
    np = import_module("numpy")
    # It would fetch these images for every network of images, though it is given its samples.
    images = Path("calibration_image_sample_data_20x128x128x3_float32.npy")
    if not images.is_file():
        np.save(images, np.random.default_rng(0).random((20, 128, 128, 3), np.float32))
    import_module("onnx2tf").convert(
        input_onnx_file_path=str(onnx),
        output_folder_path=str(place),
        output_integer_quantized_tflite=True,
        custom_input_op_name_np_data_path=[["x", str(onnx.with_suffix(".npy")), 0.0, 1.0]],
        non_verbose=True,
    )
    (made,) = place.glob("*_full_integer_quant.tflite")
    made.replace(path)
    shutil.rmtree(place)


def main(arguments: Sequence[str]) -> None:
    """Make what is not there, in processes that may die of a row."""
    while subprocess.run([sys.executable, __file__, _ONCE, *arguments]).returncode < 0:
        print("the process ended on this row", flush=True)


def once(arguments: Sequence[str]) -> None:
    """Make what is not there."""
    tool, place, *rows = arguments
    directory = Path(place)
    directory.mkdir(parents=True, exist_ok=True)
    # Tools leave files of theirs where they run.
    os.chdir(directory)
    directory = Path.cwd()
    for row in rows or TORCH_CASES:
        suffix = ".onnx" if tool == "onnx" else ".tflite"
        path = file_of(directory, row, suffix)
        if path.exists() or path.with_suffix(".txt").exists():
            continue
        print(row, flush=True)
        case = TORCH_CASES[row]
        if tool == "onnx2tf":
            onnx = path.with_suffix(".onnx")
            if onnx.exists():
                _try(path, partial(by_onnx2tf, path, onnx))
            continue
        make = by_litert_torch if tool == "litert-torch" else as_onnx
        _try(path, partial(make, case, path))


def _try(path: Path, make: Callable[[], Any]) -> None:
    why = path.with_suffix(".txt")
    # What stands here if nothing else will ever be written.
    why.write_text("its process ended", encoding="utf-8")
    try:
        make()
        why.unlink()
    # onnx2tf ends the process where it fails.
    except (Exception, SystemExit) as error:
        text = f"{type(error).__name__}: {' '.join(str(error).split())[:_LONGEST]}"
        why.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    if sys.argv[1] == _ONCE:
        once(sys.argv[2:])
    else:
        main(sys.argv[1:])
