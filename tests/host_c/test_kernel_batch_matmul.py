from __future__ import annotations

import pytest
from kernel_cases import BOTH, KernelCases, options

from tinycompress.artifacts import ExactTo

# batches of either factor, rows, depth, columns
SIZES = (
    ((), (), 3, 4, 5),
    ((2,), (2,), 1, 7, 3),
    ((2, 3), (2, 3), 4, 1, 2),
    ((2, 3), (3,), 2, 5, 3),
    ((3,), (2, 1), 2, 5, 3),
    ((1, 2, 3), (2, 1, 3), 2, 3, 4),
    ((4,), (), 3, 17, 1),
    ((1,), (5,), 1, 1, 1),
)


def _add(cases: KernelCases, sizes: object, adj_x: bool, adj_y: bool, constant: bool) -> None:
    assert isinstance(sizes, tuple)
    first, second, rows, depth, columns = sizes
    scales, zeros = [cases.scale(), cases.scale()], [cases.zero_point() for _ in range(3)]
    left = [*first, *((depth, rows) if adj_x else (rows, depth))]
    right = [*second, *((columns, depth) if adj_y else (depth, columns))]
    a = cases.input(left, scales[0], zeros[0])
    b = (
        cases.weights(right, [scales[1]], zero_point=zeros[1])
        if constant
        else cases.input(right, scales[1], zeros[1])
    )
    rank = max(len(first), len(second))
    pairs = zip((1,) * (rank - len(first)) + first, (1,) * (rank - len(second)) + second,
                strict=True)  # fmt: skip
    scale = scales[0] * scales[1] * 80 * depth**0.5 * cases.pick(0.1, 1, 5)
    y = cases.activation([*(max(pair) for pair in pairs), rows, columns], scale, zeros[2])
    label = f"{sizes}, adj_x {adj_x}, adj_y {adj_y}, constant {constant}"
    cases.op(label, "BATCH_MATMUL", [a, b], y, options("BatchMatMul", adjX=adj_x, adjY=adj_y))


def _cases(seed: int) -> KernelCases:
    cases = KernelCases(seed)
    for number, sizes in enumerate(SIZES):
        for adj_x, adj_y in ((False, False), (True, False), (False, True), (True, True)):
            _add(cases, sizes, adj_x, adj_y, constant=number % 3 == 0)
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
def test_batch_matmul_is_exact(exact_to: ExactTo) -> None:
    assert _cases(31).mismatches(exact_to, count=3) == []


def test_batch_matmul_has_no_undefined_behaviour() -> None:
    assert _cases(32).sanitized_mismatches("tflm") == 0
