"""The oracles: right bytes, errors as ModelError, and crashes that stay in their own process."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from support.models.collection import Collection

from tinycompress.artifacts import ExactTo, TensorSpec
from tinycompress.errors import ConfigError, ModelError
from tinycompress.oracle import Oracle, process, worker

BOTH: tuple[ExactTo, ...] = ("tflm", "litert")
ROOT = Path(__file__).resolve().parents[3]


def model(shared_data: Collection, name: str) -> bytes:
    return shared_data.file(f"models/{name}").read_bytes()


def random_input(spec: TensorSpec, seed: int) -> npt.NDArray[np.int8]:
    return np.random.default_rng(seed).integers(-128, 128, spec.shape).astype(np.int8)


@pytest.mark.shared
@pytest.mark.parametrize("kind", BOTH)
def test_specs_and_output(shared_data: Collection, kind: ExactTo) -> None:
    oracle = Oracle(model(shared_data, "tflm/hello_world_int8.tflite"), kind)
    (spec,) = oracle.inputs
    assert (spec.shape, spec.dtype, spec.zero_point) == ((1, 1), "int8", -128)
    assert spec.scale == pytest.approx(0.02448, abs=1e-5)
    (zero,) = oracle.run(np.full((1, 1), -128, np.int8))
    (quarter,) = oracle.run(np.full((1, 1), -128 + 64, np.int8))
    assert zero.dtype == np.int8
    assert zero.shape == (1, 1)
    (out,) = oracle.outputs
    sines = [out.scale * (int(y[0, 0]) - out.zero_point) for y in (zero, quarter)]
    # The model is a sine; 64 steps of its input scale are half pi.
    assert sines == pytest.approx([0.0, 1.0], abs=0.1)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("pretrainedResnet_quant", 0),
        ("kws_ref_model", 0),
        ("vww_96_int8", 0),
        ("str_ww_ref_model", 0),
        # FULLY_CONNECTED rounds twice in one runtime and once in the other.
        ("ad01_int8", 2),
    ],
)
def test_oracles_against_each_other(shared_data: Collection, name: str, tolerance: int) -> None:
    tflite = model(shared_data, f"mlperf_tiny/{name}.tflite")
    tflm, litert = (Oracle(tflite, kind) for kind in BOTH)
    worst = 0
    for seed in range(4):
        inputs = [random_input(spec, seed) for spec in tflm.inputs]
        for a, b in zip(tflm.run(*inputs), litert.run(*inputs), strict=True):
            assert a.shape == b.shape
            worst = max(worst, int(np.abs(a.astype(int) - b.astype(int)).max()))
    assert worst <= tolerance
    assert (worst > 0) == (tolerance > 0)


@pytest.mark.shared
@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    "name", ["microwakeword/v2_hey_mycroft", "tflm/dtln_noise_suppression"]
)  # state in resource variables, in variable tensors
def test_run_starts_afresh_and_step_goes_on(
    shared_data: Collection, name: str, kind: ExactTo
) -> None:
    oracle = Oracle(model(shared_data, f"{name}.tflite"), kind)
    frames = [[random_input(spec, seed) for spec in oracle.inputs] for seed in range(12)]
    first = [oracle.run(*frames[0]), *(oracle.step(*frame) for frame in frames[1:])]
    alone = [oracle.run(*frame) for frame in frames]
    again = [oracle.run(*frames[0]), *(oracle.step(*frame) for frame in frames[1:])]
    assert [y[0].tobytes() for y in first] == [y[0].tobytes() for y in again]
    assert first[0][0].tobytes() == alone[0][0].tobytes()
    assert [y[0].tobytes() for y in first] != [y[0].tobytes() for y in alone]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "kind", "reason", "hint"),
    [
        (
            "mlperf_tiny/model_ToyCar_quant",
            "tflm",
            "with filter type: INT8 not supported",
            "litert",
        ),
        ("mlonmcu/model_with_reverse_sequence", "tflm", "REVERSE_SEQUENCE", "litert"),
        ("tflm/person_detect", "litert", "quantized_dimension must be in range", "tflm"),
        ("tflm/person_detect_vela", "litert", "ethos-u", None),
    ],
)
def test_refusal_carries_the_reason(
    shared_data: Collection, capfd: pytest.CaptureFixture[str], name: str, kind: ExactTo,
    reason: str, hint: str | None,
) -> None:  # fmt: skip
    with pytest.raises(ModelError, match=reason) as caught:
        Oracle(model(shared_data, f"{name}.tflite"), kind)
    wanted = "docs/SUPPORTED_OPS.md" if hint is None else f"--exact-to {hint}"
    assert wanted in (caught.value.hint or "")
    assert "\n" not in caught.value.message
    assert capfd.readouterr() == ("", "")


@pytest.mark.shared
def test_a_refused_model_does_not_spoil_the_next(shared_data: Collection) -> None:
    good = model(shared_data, "tflm/hello_world_int8.tflite")
    bad = model(shared_data, "mlonmcu/model_with_reverse_sequence.tflite")
    for _ in range(2):
        with pytest.raises(ModelError):
            Oracle(bad, "tflm")
        assert Oracle(good, "tflm").run(np.zeros((1, 1), np.int8))[0].shape == (1, 1)


@pytest.mark.shared
@pytest.mark.parametrize(
    "inputs",
    [
        [],
        [np.zeros((1, 1), np.int8)] * 2,
        [np.zeros((1, 1), np.uint8)],
        [np.zeros((1,), np.int8)],
        [np.zeros((2, 1), np.int8)],
    ],
    ids=["none", "two", "dtype", "rank", "batch"],
)
def test_wrong_inputs(shared_data: Collection, inputs: list[npt.NDArray[np.int8]]) -> None:
    oracle = Oracle(model(shared_data, "tflm/hello_world_int8.tflite"), "tflm")
    with pytest.raises(ConfigError):
        oracle.run(*inputs)
    assert oracle.run(np.zeros((1, 1), np.int8))


@pytest.mark.shared
def test_inputs_of_any_memory_layout(shared_data: Collection) -> None:
    oracle = Oracle(model(shared_data, "tinymaix/mnist_arduino_q.tflite"), "tflm")
    (spec,) = oracle.inputs
    image = random_input(spec, 3)
    strided = np.repeat(image, 2, axis=2)[:, :, ::2]
    fortran = np.asfortranarray(image)
    expected = oracle.run(image)[0].tobytes()
    assert oracle.run(strided)[0].tobytes() == expected
    assert oracle.run(fortran)[0].tobytes() == expected


@pytest.mark.parametrize("data", [b"", b"\0" * 64, b"\x18\0\0\0TFL3" + b"\xff" * 64])
def test_damaged_file_never_reaches_a_runtime(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def acquire(kind: ExactTo) -> process.Worker:
        raise AssertionError(f"{kind} was started")

    monkeypatch.setattr("tinycompress.oracle.oracle.acquire", acquire)
    with pytest.raises(ModelError):
        Oracle(data, "tflm")


@pytest.mark.shared
def test_unknown_oracle(shared_data: Collection) -> None:
    with pytest.raises(ConfigError, match="tflm, litert"):
        Oracle(model(shared_data, "tflm/hello_world_int8.tflite"), "xnnpack")  # type: ignore[arg-type]


@pytest.mark.shared
def test_a_crash_is_an_error_and_the_next_model_runs(shared_data: Collection) -> None:
    tflite = model(shared_data, "tflm/hello_world_int8.tflite")
    oracle = Oracle(tflite, "tflm")
    os.kill(oracle._worker._process.pid, signal.SIGSEGV)
    with pytest.raises(ModelError, match="crashed with SIGSEGV"):
        oracle.run(np.zeros((1, 1), np.int8))
    assert Oracle(tflite, "tflm").run(np.zeros((1, 1), np.int8))


@pytest.mark.shared
def test_a_hang_ends(shared_data: Collection) -> None:
    tflite = model(shared_data, "tflm/hello_world_int8.tflite")
    oracle = Oracle(tflite, "tflm", timeout_s=60)
    oracle._timeout_s = 0.3
    os.kill(oracle._worker._process.pid, signal.SIGSTOP)
    with pytest.raises(ModelError, match="no answer within"):
        oracle.run(np.zeros((1, 1), np.int8))


@pytest.mark.shared
def test_processes_are_reused_and_freed(shared_data: Collection) -> None:
    tflite = model(shared_data, "tflm/hello_world_int8.tflite")
    process.end_idle()
    oracle = Oracle(tflite, "tflm")
    pid = oracle._worker._process.pid
    oracle.close()
    with pytest.raises(ConfigError, match="closed"):
        oracle.run(np.zeros((1, 1), np.int8))
    assert Oracle(tflite, "tflm")._worker._process.pid == pid
    crowd = [Oracle(tflite, "tflm") for _ in range(4)]
    pids = {one._worker._process.pid for one in crowd}
    assert len(pids) == 4
    del crowd
    gc.collect()
    alive = [p for p in pids if Path(f"/proc/{p}").exists()]
    assert len(alive) == process._MAX_IDLE
    process.end_idle()
    assert not any(Path(f"/proc/{p}").exists() for p in pids)


@pytest.mark.shared
def test_several_threads_with_an_oracle_each(shared_data: Collection) -> None:
    tflite = model(shared_data, "tinymaix/mnist_arduino_q.tflite")
    results: dict[int, list[bytes]] = {}

    def work(number: int) -> None:
        oracle = Oracle(tflite, "tflm")
        spec = oracle.inputs[0]
        results[number] = [oracle.run(random_input(spec, s))[0].tobytes() for s in range(20)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results[0] == results[1] == results[2]
    assert len(set(results[0])) > 1


@pytest.mark.shared
def test_no_tensorflow_and_nothing_left_running(shared_data: Collection, tmp_path: Path) -> None:
    # Run from a directory that holds a module of a name that the worker imports.
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')")
    code = (
        "import sys, numpy as np\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from tinycompress.oracle import Oracle\n"
        "o = Oracle(open(sys.argv[1], 'rb').read(), sys.argv[2])\n"
        "pid = o._worker._process.pid\n"
        "o.run(np.zeros((1, 1), np.int8))\n"
        "maps = open(f'/proc/{pid}/maps').read()\n"
        "print(pid, 'tensorflow/python' in maps or 'libtensorflow' in maps,\n"
        "      bool({'tensorflow', 'ai_edge_litert', 'tflite_micro'} & set(sys.modules)))\n"
    )
    path = shared_data.file("models/tflm/hello_world_int8.tflite")
    for kind in BOTH:
        done = subprocess.run(
            [sys.executable, "-P", "-c", code, str(path), kind] if sys.version_info >= (3, 11)
            else [sys.executable, "-c", code, str(path), kind],
            capture_output=True, text=True, check=True, cwd=tmp_path if sys.version_info >= (3, 11)
            else None,
        )  # fmt: skip
        pid, loaded, imported = done.stdout.split()
        assert (loaded, imported) == ("False", "False")
        assert done.stderr == ""
        assert not Path(f"/proc/{pid}").exists()


def test_litert_uses_the_reference_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    from ai_edge_litert import interpreter

    used = []

    class Spy:
        def __init__(self, **options: object) -> None:
            used.append(options["experimental_op_resolver_type"])

        def allocate_tensors(self) -> None: ...

        def get_input_details(self) -> list[object]:
            return []

        get_output_details = get_input_details

    monkeypatch.setattr(interpreter, "Interpreter", Spy)
    worker._LiteRt(b"", 0, keep=False)
    assert used == [interpreter.OpResolverType.BUILTIN_REF]
