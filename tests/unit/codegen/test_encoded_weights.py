"""Which layers' weights are encoded, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.cases.conv import ConvCase, add_conv
from support.cases.encoded import EncodedCase, add_encoded
from support.cases.encoded_conv import AroundZero
from support.cases.kernels import KernelCases
from support.models.collection import Collection

from tinycompress.artifacts import GeneratedSources
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.choosing.candidates import Candidate, candidates
from tinycompress.codegen.choosing.costs import code_bytes
from tinycompress.codegen.choosing.flash import cheapest_within, flash_bytes, smallest
from tinycompress.codegen.choosing.select import fastest
from tinycompress.codegen.passes import run_passes
from tinycompress.codegen.state import resolve_state
from tinycompress.errors import ConfigError
from tinycompress.ir.reader import read_model

DSP = CodegenOptions(core="cortex-m4")
THUMB1 = CodegenOptions(core="cortex-m0plus", dsp=False)
BOTH_CORES = pytest.mark.parametrize("core", [DSP, THUMB1], ids=["dsp", "thumb1"])

SPARSE = EncodedCase(inputs=784, outputs=300, zeros=0.92, values=31)
CLUSTERED = EncodedCase(inputs=256, outputs=64, zeros=0.0, values=16)
RANDOM = EncodedCase(inputs=256, outputs=64, zeros=0.0, values=254)


def _tflite(*cases: EncodedCase) -> bytes:
    made = KernelCases(5)
    for case in cases:
        add_encoded(made, replace(case, activation="RELU", out_zero=-128))
    return made.tflite()


def _generated(options: CodegenOptions, *cases: EncodedCase) -> GeneratedSources:
    return generate(read_model(_tflite(*cases)), options)


def _offers(options: CodegenOptions, *cases: EncodedCase) -> dict[int, tuple[Candidate, ...]]:
    graph = run_passes(resolve_state(read_model(_tflite(*cases))))
    return {op.index: candidates(graph, op, options) for op in graph.ops}


@BOTH_CORES
def test_sparse_layers_are_encoded_for_speed(core: CodegenOptions) -> None:
    (layer,) = _generated(core, SPARSE).layers
    assert layer.weights is not None
    assert layer.weights.encoding == "pair_tokens"
    assert layer.weights.int8_bytes == 784 * 300
    assert layer.weights.bits_per_weight < 1.5


@BOTH_CORES
@pytest.mark.parametrize("case", [CLUSTERED, RANDOM], ids=["clustered", "random"])
def test_dense_layers_stay_plain_for_speed(core: CodegenOptions, case: EncodedCase) -> None:
    assert [layer.weights for layer in _generated(core, case).layers] == [None]


@BOTH_CORES
def test_speed_never_pays_for_bytes(core: CodegenOptions) -> None:
    offers = _offers(core, SPARSE, CLUSTERED, RANDOM)
    for each in offers.values():
        taken = fastest(each)
        assert taken.cost is not None
        assert all(other.cost is None or taken.cost <= other.cost for other in each)


@BOTH_CORES
def test_plain_switches_encodings_off(core: CodegenOptions) -> None:
    for optimize in ("speed", "ram", "flash"):
        options = replace(core, optimize=optimize, weights="plain")
        sources = _generated(options, SPARSE, CLUSTERED)
        assert [layer.weights for layer in sources.layers] == [None, None]
        assert not any("encoded" in trade for trade in sources.trades)


@BOTH_CORES
def test_flash_is_smaller_for_a_tenth_more_cycles_at_most(core: CodegenOptions) -> None:
    offers = _offers(core, SPARSE, CLUSTERED, RANDOM, EncodedCase(300, 100, 0.92, 31))
    quick = {index: fastest(each) for index, each in offers.items()}
    plain = {
        index: fastest([c for c in each if not c.is_encoded]) for index, each in offers.items()
    }
    taken = smallest(offers, quick, plain)
    assert flash_bytes(taken.values()) < flash_bytes(quick.values()) < flash_bytes(plain.values())
    cost, before = (sum(c.cost or 0 for c in each.values()) for each in (taken, plain))
    assert cost <= 1.1 * before


@BOTH_CORES
def test_cycles_are_given_for_enough_flash(core: CodegenOptions) -> None:
    """The share of flash that is saved, at least; person_detect gave 20 % for 2 %."""
    for deviation in (2.0, 8.0, 30.0):
        made = AroundZero(6)
        made.deviation = deviation
        for _ in range(3):
            add_conv(
                made,
                ConvCase(5, 5, 64, 64, (1, 1), activation="RELU", out_zero=-128, gain=0.004),
            )
        graph = run_passes(resolve_state(read_model(made.tflite())))
        offers = {op.index: candidates(graph, op, core) for op in graph.ops}
        plain = {
            index: fastest([c for c in each if not c.is_encoded]) for index, each in offers.items()
        }
        taken = smallest(offers, plain, plain)
        saved = 1 - flash_bytes(taken.values()) / flash_bytes(plain.values())
        cost, before = (sum(c.cost or 0 for c in each.values()) for each in (taken, plain))
        assert cost / before - 1 <= max(saved, 0.01)


def test_flash_is_not_given_back_for_the_decoders_table_in_ram() -> None:
    sparse = replace(SPARSE, zeros=0.95)
    for options in (DSP, THUMB1):
        small = _generated(replace(options, optimize="flash"), sparse)
        quick = _generated(options, sparse)
        assert small.layers[0].weights is not None
        assert small.weights_bytes <= quick.weights_bytes


def test_a_budget_of_ram_takes_an_encoding_without_a_table() -> None:
    sparse = replace(SPARSE, zeros=0.95)
    options = replace(DSP, optimize="flash", ram_budget_bytes=1200)
    (layer,) = _generated(options, sparse).layers
    assert layer.weights is not None
    assert layer.weights.entries == 0


def test_a_decoder_that_saves_less_than_its_code_is_not_taken() -> None:
    small = EncodedCase(inputs=32, outputs=8, zeros=0.9, values=3)
    offers = _offers(DSP, small)
    plain = {
        index: fastest([c for c in each if not c.is_encoded]) for index, each in offers.items()
    }
    taken = smallest(offers, plain, plain)
    assert flash_bytes(taken.values()) <= flash_bytes(plain.values())
    for index, each in offers.items():
        for other in each:
            if other.is_encoded and other.code_is_known:
                assert flash_bytes([other]) >= flash_bytes([taken[index]])


@BOTH_CORES
@pytest.mark.parametrize(("kept", "detail"), [(1, "1 of 4, "), (2, "2 of 4, ")])
def test_n_of_m_weights_take_fewest_bytes_by_patterns(
    core: CodegenOptions, kept: int, detail: str
) -> None:
    case = EncodedCase(inputs=256, outputs=200, zeros=0.0, values=15, of_four=kept)
    (offers,) = _offers(core, case).values()
    best: dict[str, int] = {}
    for each in offers:
        encoded = each.layers[0].encoded
        if encoded is not None:
            least = min(encoded.size_bytes, best.get(encoded.encoding, encoded.size_bytes))
            best[encoded.encoding] = least
            assert encoded.encoding != "patterns" or encoded.detail.startswith(detail)
    others = min(size for name, size in best.items() if name != "patterns")
    assert best["patterns"] < 0.97 * others
    # What is asked for is bytes: a budget that nothing else keeps.
    index, candidates_ = 0, {0: offers}
    plain = {index: fastest([each for each in offers if not each.is_encoded])}
    taken = cheapest_within(candidates_, plain, 0)[index]
    (layer,) = taken.layers
    assert layer.encoded is not None
    assert layer.encoded.encoding == "patterns"


@pytest.mark.parametrize("case", [(64, 16, 4), (64, 200, 16)], ids=["2 bits", "4 bits"])
def test_loops_of_a_lookup_table_are_paid_for_one_width(case: tuple[int, int, int]) -> None:
    inputs, outputs, values = case
    bits = (values - 1).bit_length()
    dense = EncodedCase(inputs=inputs, outputs=outputs, zeros=0.0, values=values)
    for options in (DSP, THUMB1):
        (offers,) = _offers(options, dense).values()
        (lut,) = (each for each in offers if each.layers[0].lut_bits is not None)
        kernel = lut.layers[0].kernel
        assert lut.layers[0].lut_bits == bits
        whole = code_bytes(kernel, options.family)
        assert whole is not None
        loops = "tck_lut_pair_dot" if options is DSP else "tck_lut_decode"
        one = lut.code_bytes[f"{loops} of {bits} bits"]
        assert 0 < one < 0.6 * dict(whole.shared)[loops]
        assert loops not in lut.code_bytes
        # All that has no loop for each width counts as before.
        rest = {name: size for name, size in whole.shared if name != loops}
        assert rest.items() <= lut.code_bytes.items()


def test_layers_of_two_widths_pay_for_the_loops_of_both() -> None:
    cases = (replace(CLUSTERED, values=4), replace(CLUSTERED, values=16))
    offers = _offers(DSP, *cases)
    found = [
        next(each for each in ways if each.layers[0].lut_bits is not None)
        for ways in offers.values()
    ]
    both = {name for each in found for name in each.code_bytes if "pair_dot" in name}
    assert both == {"tck_lut_pair_dot of 2 bits", "tck_lut_pair_dot of 4 bits"}


def test_what_it_saves_and_costs_is_said() -> None:
    ram, trade = _generated(DSP, SPARSE).trades
    assert ram == "decoded weights and tables take 4 more bytes of the arena"
    assert trade.startswith("layer '")
    assert "encoded weights take 38," in trade
    assert "instead of 235,200 (-84 %) for about -" in trade
    assert trade.endswith(" %)")


def test_weights_that_no_encoding_makes_smaller_have_none() -> None:
    (offered,) = _offers(replace(DSP, optimize="flash"), RANDOM).values()
    # 254 values at random: no code is shorter than the bytes themselves.
    assert not any(each.is_encoded for each in offered)


def test_an_unknown_choice_is_refused() -> None:
    with pytest.raises(ConfigError, match="weights is 'small', must be one of auto, plain"):
        CodegenOptions(weights="small")  # type: ignore[arg-type]


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["mlperf_tiny/kws_ref_model", "mlperf_tiny/pretrainedResnet_quant"]
)
def test_ram_is_given_for_enough_flash_and_said(name: str, shared_data: Collection) -> None:
    """A tenth of the share at least; ResNet-8 had 44 % more arena for 1.3 % less flash."""
    model = read_model(shared_data.file(f"models/{name}.tflite").read_bytes())
    plain = generate(model, replace(DSP, optimize="flash", weights="plain"))
    auto = generate(model, replace(DSP, optimize="flash"))
    more = auto.arena_bytes / plain.arena_bytes - 1
    saved = 1 - auto.weights_bytes / plain.weights_bytes
    assert more <= 10 * max(saved, 0)
    told = any("more bytes of the arena" in trade for trade in auto.trades)
    assert told == (more > 0)
