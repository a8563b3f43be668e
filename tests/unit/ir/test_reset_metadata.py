"""The metadata that ask for a reset of all state with every inference."""

from __future__ import annotations

import pytest
from support.models.stateful_models import resetting, stateful_model, with_metadata
from support.models.tflite_files import small_cnn

from tinycompress.codegen import CodegenOptions, generate
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model
from tinycompress.ir.state import has_state, keeps_state

LSTM = stateful_model("lstm")


def test_a_reset_model_has_state_and_keeps_none() -> None:
    keeping, resets = read_model(LSTM), read_model(resetting(LSTM))
    assert (keeping.resets_state, has_state(keeping), keeps_state(keeping)) == (False, True, True)
    assert (resets.resets_state, has_state(resets), keeps_state(resets)) == (True, True, False)
    assert not read_model(with_metadata(LSTM, "min_runtime_version", b"1.5.0")).resets_state


def test_what_a_newer_version_may_ask_for_is_refused_with_the_way_out() -> None:
    with pytest.raises(ModelError, match="known: 'every inference'") as caught:
        read_model(with_metadata(LSTM, "tinycompress.reset_state", b"every 7th \xff"))
    assert caught.value.hint is not None
    assert "pip install --upgrade" in caught.value.hint


@pytest.mark.parametrize("profiled", ["_invoke(void)", "_invoke_profiled("])
def test_generated_inferences_begin_with_the_reset(profiled: str) -> None:
    def body(tflite: bytes) -> str:
        text = generate(read_model(tflite), CodegenOptions()).files["tcm_model.c"]
        return text.partition(f"void tcm_model{profiled}")[2].partition("}")[0]

    assert "tcm_model_reset();" in body(resetting(LSTM))
    assert "tcm_model_reset();" not in body(LSTM)
    assert "tcm_model_reset();" not in body(resetting(small_cnn()))
