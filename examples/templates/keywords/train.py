"""Train a small keyword spotter with Keras, and write what tinycompress.toml names.

    python train.py                   # on words that this script synthesises
    python train.py --wavs DIR        # on recordings: DIR/WORD/*.wav, 16 kHz, 16 bit, mono

It writes model.keras, train.npz and test.npz.

The synthetic words are no speech. Each is a row of sounds after Klatt (Software for a
cascade/parallel formant synthesizer, 1980): the harmonics of a voice, weighted by two formants, and
noise. Pitch, speed, loudness, vowels and background differ from clip to clip. They show the whole
way without a download; for a real product record real words.
"""

from __future__ import annotations

import argparse
import os
import sys
import wave
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras

SEED = 1
RATE_HZ = 16000
CLIP_SAMPLES = RATE_HZ  # one second
FRAME, HOP, BANDS = 512, 320, 20
CLIPS_PER_WORD = 240
EPOCHS = 15

# Sounds: first and second formant in Hz, share of voice, share of noise, length in seconds.
SOUNDS = {
    "i": (300, 2300, 1.0, 0.0, 0.10),
    "e": (550, 1850, 1.0, 0.0, 0.15),
    "o": (500, 900, 1.0, 0.0, 0.18),
    "u": (320, 800, 1.0, 0.0, 0.12),
    "a": (750, 1200, 1.0, 0.0, 0.15),
    "n": (280, 1400, 0.5, 0.0, 0.08),
    "s": (0, 0, 0.0, 0.6, 0.14),
    ".": (0, 0, 0.0, 0.0, 0.05),  # a stop's silence
}
WORDS = {"noise": "", "yes": "ies", "no": "nou", "stop": "s.o."}


def say(sounds: str, random: np.random.Generator) -> np.ndarray:
    """One clip, float32 [CLIP_SAMPLES], of sounds somewhere within background noise."""
    pitch_hz, speed = random.uniform(90, 240), random.uniform(0.8, 1.3)
    accent = random.normal(1, 0.06)
    parts = []
    for sound in sounds:
        first, second, voice, noise, seconds = SOUNDS[sound]
        count = int(seconds * random.uniform(0.85, 1.15) / speed * RATE_HZ)
        time = np.arange(count) / RATE_HZ
        harmonics = pitch_hz * np.arange(1, int(3600 / pitch_hz))[:, None]
        gains = sum(
            np.exp(-(((harmonics - accent * formant) / width) ** 2))
            for formant, width in ((first, 120), (second, 200))
        )
        voiced = (gains * np.sin(2 * np.pi * harmonics * time)).sum(axis=0)
        hiss = np.diff(random.normal(size=count + 1))  # noise that rises with frequency
        parts.append((voice * voiced + noise * hiss) * np.hanning(count) ** 0.25)
    word = np.concatenate([*parts, np.zeros(0)])[:CLIP_SAMPLES]
    clip = random.normal(scale=random.uniform(0.005, 0.08), size=CLIP_SAMPLES)
    start = random.integers(0, CLIP_SAMPLES - len(word) + 1)
    clip[start : start + len(word)] += random.uniform(0.2, 1.0) * word
    return clip.astype(np.float32)


def synthesised() -> tuple[np.ndarray, np.ndarray]:
    """Clips and the numbers of their words."""
    random = np.random.default_rng(SEED)
    clips = [say(sounds, random) for sounds in WORDS.values() for _ in range(CLIPS_PER_WORD)]
    return np.stack(clips), np.repeat(np.arange(len(WORDS)), CLIPS_PER_WORD)


def recorded(directory: Path) -> tuple[np.ndarray, np.ndarray]:
    """Clips from DIRECTORY/WORD/*.wav, each cut or padded to a second; words by name."""
    clips, labels = [], []
    for number, folder in enumerate(sorted(path for path in directory.iterdir() if path.is_dir())):
        for path in sorted(folder.glob("*.wav")):
            with wave.open(str(path)) as file:
                form = (file.getframerate(), file.getsampwidth(), file.getnchannels())
                if form != (RATE_HZ, 2, 1):
                    sys.exit(f"{path}: not 16 kHz, 16 bit, mono")
                data = np.frombuffer(file.readframes(CLIP_SAMPLES), "<i2") / np.float32(32768)
            clips.append(np.pad(data, (0, CLIP_SAMPLES - len(data))))
            labels.append(number)
    if not clips:
        sys.exit(f"{directory}: no WORD/*.wav")
    return np.stack(clips), np.array(labels)


def log_mel(clips: np.ndarray) -> np.ndarray:
    """Features, float32 [n, frames, BANDS, 1]: the energy of mel bands in dB, around 0 to 1."""
    starts = np.arange(0, clips.shape[1] - FRAME + 1, HOP)
    edges_mel = np.linspace(1127 * np.log1p(80 / 700), 1127 * np.log1p(7600 / 700), BANDS + 2)
    edges = 700 * np.expm1(edges_mel / 1127) * FRAME / RATE_HZ
    bins = np.arange(FRAME // 2 + 1)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    bank = np.maximum(0, np.minimum(rising, falling))
    frames = np.stack([clips[:, s : s + FRAME] for s in starts], axis=1) * np.hanning(FRAME)
    energy = np.abs(np.fft.rfft(frames)) ** 2 @ bank
    return ((10 * np.log10(energy + 1e-3) + 30) / 80).astype(np.float32)[..., None]


def build_model(shape: tuple[int, ...], classes: int) -> keras.Model:
    """A depthwise separable CNN after Hello Edge (Zhang et al., 2017), small."""
    layers = keras.layers
    model = keras.Sequential([keras.Input(shape)])
    for convolution in (
        layers.Conv2D(16, (10, 4), strides=2, use_bias=False),
        layers.DepthwiseConv2D(3, padding="same", use_bias=False),
        layers.Conv2D(16, 1, use_bias=False),
        layers.DepthwiseConv2D(3, padding="same", use_bias=False),
        layers.Conv2D(16, 1, use_bias=False),
    ):
        model.add(convolution)
        model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.ReLU())
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(classes, activation="softmax"))
    return model


def main() -> None:
    """Make the data, train, and write the three files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wavs", type=Path, metavar="DIR", help="recordings: DIR/WORD/*.wav")
    wavs = parser.parse_args().wavs
    keras.utils.set_random_seed(SEED)
    clips, y = synthesised() if wavs is None else recorded(wavs)
    x = log_mel(clips)
    order = np.random.default_rng(SEED).permutation(len(x))
    test, train = order[: len(x) // 5], order[len(x) // 5 :]

    model = build_model(x.shape[1:], int(y.max()) + 1)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[train], y[train], batch_size=32, epochs=EPOCHS, verbose=2)
    _, accuracy = model.evaluate(x[test], y[test], verbose=0)
    model.save("model.keras")
    np.savez_compressed("train.npz", x=x[train], y=y[train])
    np.savez_compressed("test.npz", x=x[test], y=y[test])
    print(f"{model.count_params()} parameters: {accuracy:.2%} of {len(test)} test clips right")


if __name__ == "__main__":
    main()
