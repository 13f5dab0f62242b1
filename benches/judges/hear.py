"""Writes down what is said in sound files, by an engine that is not ours.

    hear.py --engine whisper-base|whisper-small|moonshine-tiny --models DIR FILE...

Prints a line of JSON for each file: {"file", "text", "seconds"}. Files are mono WAV, of any rate. With `-` for
FILE, names come on standard input, one a line. It is the control of `attendant bench speech` and the ear of
`make listen`.
"""

import argparse
import json
import pathlib
import sys
import time

import numpy as np
import onnxruntime as ort
import soundfile as sf
from scipy.signal import resample_poly
from tokenizers import Tokenizer

RATE = 16_000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=sorted(ENGINES), default="whisper-base")
    parser.add_argument("--models", type=pathlib.Path, required=True)
    parser.add_argument("--language", default="en")
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    engine = ENGINES[arguments.engine](arguments.models / arguments.engine, arguments.language)
    names = (line.strip() for line in sys.stdin) if arguments.files == ["-"] else arguments.files
    for name in names:
        sound, rate = sf.read(name, dtype="float32", always_2d=True)
        sound = sound[:, 0]
        if rate != RATE:
            sound = resample_poly(sound, RATE, rate).astype(np.float32)
        begun = time.process_time()
        text = engine.hear(sound)
        seconds = time.process_time() - begun
        print(json.dumps({"file": name, "text": text, "seconds": round(seconds, 4)}), flush=True)


def session(path):
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class Decoder:
    """A merged decoder with caches of keys and values, as Hugging Face exports it."""

    def __init__(self, path, heads, width):
        self.session = session(path)
        self.inputs = [i.name for i in self.session.get_inputs()]
        self.outputs = [o.name for o in self.session.get_outputs()]
        self.caches = [name for name in self.inputs if name.startswith("past_key_values")]
        self.empty = np.zeros((1, heads, 0, width), np.float32)

    def run(self, states, prompt, end, limit, banned=(), id_type=np.int64):
        caches = {name: self.empty for name in self.caches}
        tokens, said = list(prompt), []
        for step in range(limit):
            feed = {
                "input_ids": np.array([tokens], id_type),
                "encoder_hidden_states": states,
                "use_cache_branch": np.array([step > 0]),
                **caches,
            }
            out = dict(zip(self.outputs, self.session.run(None, {k: v for k, v in feed.items() if k in self.inputs})))
            logits = out["logits"][0, -1]
            logits[list(banned)] = -np.inf
            token = int(logits.argmax())
            if token == end:
                break
            said.append(token)
            tokens = [token]
            for name in self.caches:
                if step == 0 or ".encoder." not in name:
                    caches[name] = out[name.replace("past_key_values", "present")]
        return said


class Moonshine:
    def __init__(self, folder, _language):
        self.encoder = session(folder / "encoder_model.onnx")
        self.decoder = Decoder(folder / "decoder_model_merged.onnx", 8, 36)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))

    def hear(self, sound):
        sound = np.pad(sound, (0, max(0, RATE // 2 - len(sound))))
        states = self.encoder.run(None, {"input_values": sound[None]})[0]
        limit = max(10, int(len(sound) / RATE * 6.5) + 1)
        said = self.decoder.run(states, [1], 2, limit)
        if not said and np.sqrt(np.mean(sound**2)) > 0.01:
            # As ours does: it ends at once on many a string of digits.
            said = self.decoder.run(states, [1], 2, limit, banned=[2])
        return self.tokenizer.decode(said, skip_special_tokens=True)


class Whisper:
    def __init__(self, folder, language, heads=8):
        self.encoder = session(folder / "encoder_model_quantized.onnx")
        self.decoder = Decoder(folder / "decoder_model_merged_quantized.onnx", heads, 64)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        token = self.tokenizer.token_to_id
        names = ["<|startoftranscript|>", f"<|{language}|>", "<|transcribe|>", "<|notimestamps|>"]
        self.prompt = [token(name) for name in names]
        self.end = token("<|endoftext|>")
        self.special = range(self.end, self.tokenizer.get_vocab_size(with_added_tokens=True))
        self.banned = [id for id in self.special if id != self.end]
        self.filters = mel_filters()

    def hear(self, sound):
        states = self.encoder.run(None, {"input_features": self.features(sound)})[0]
        said = self.decoder.run(states, self.prompt, self.end, 200, banned=self.banned)
        return self.tokenizer.decode(said, skip_special_tokens=True).strip()

    def features(self, sound):
        """Log-mel: 30 s, windows of 25 ms every 10 ms, 80 bands (Radford et al. 2022, section 2.2)."""
        sound = np.pad(sound[: RATE * 30], (0, max(0, RATE * 30 - len(sound))))
        sound = np.pad(sound, 200, mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(sound, 400)[::160][:3000]
        power = np.abs(np.fft.rfft(windows * np.hanning(401)[:400], axis=1)) ** 2
        mel = np.log10(np.maximum(power @ self.filters.T, 1e-10))
        mel = (np.maximum(mel, mel.max() - 8.0) + 4.0) / 4.0
        return mel.T[None].astype(np.float32)


def mel_filters(bands=80, bins=201):
    """Triangles on the mel scale of Slaney: linear to 1 kHz, logarithmic above; each of unit area."""
    step = np.log(6.4) / 27.0
    to_mel = lambda hz: hz / (200 / 3) if hz < 1000 else 15.0 + np.log(hz / 1000) / step
    to_hz = lambda mel: np.where(mel < 15.0, mel * 200 / 3, 1000 * np.exp(step * (mel - 15.0)))
    edges = to_hz(np.linspace(0.0, to_mel(RATE / 2), bands + 2))
    hz = np.linspace(0, RATE / 2, bins)
    rise = (hz[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - hz[None]) / (edges[2:] - edges[1:-1])[:, None]
    triangles = np.maximum(0.0, np.minimum(rise, fall))
    return triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None]


ENGINES = {
    "moonshine-tiny": Moonshine,
    "whisper-base": Whisper,
    "whisper-small": lambda folder, language: Whisper(folder, language, heads=12),
}


if __name__ == "__main__":
    main()
