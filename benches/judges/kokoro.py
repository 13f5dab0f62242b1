"""Speaks the text on standard input with a voice of Kokoro: kokoro.py --models DIR --voice af_heart FILE.

Phonemes come from espeak-ng, a program of its own. The weights are those of half precision, run in single precision:
ONNX Runtime computes nonsense with them otherwise. `--prepare FP16` writes them so, once.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys

import numpy as np

# How espeak-ng writes what Kokoro was taught in another way.
CHANGES = [
    ("ʲ", "j"), ("r", "ɹ"), ("x", "k"), ("ɬ", "l"), ("aɪ", "I"), ("aʊ", "W"), ("eɪ", "A"), ("oʊ", "O"), ("əʊ", "Q"),
    ("ɔɪ", "Y"), ("dʒ", "ʤ"), ("tʃ", "ʧ"), ("ɚ", "əɹ"), ("ɝ", "ɜɹ"), ("ɜː", "ɜɹ"), ("g", "ɡ"), ("ɾ", "T"), ("ᵻ", "ɪ"),
    ("ɐ", "ə"), ("n̩", "ᵊn"), ("l̩", "ᵊl"), ("ː", ""),
]
# Spanish keeps its own "r", "rr" and "j".
SPANISH = [("dʒ", "ʤ"), ("tʃ", "ʧ"), ("g", "ɡ"), ("ː", "")]
PAUSES = re.compile(r"([,.!?;:])")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=pathlib.Path, required=True)
    parser.add_argument("--voice", default="af_heart")
    parser.add_argument("--language", default="en-us", help="as espeak-ng calls it")
    # Hibari was distilled from it, and speaks the same symbols.
    hibari = pathlib.Path.home() / ".cache/attendant/models/hibari-0.2.1/vocab.json"
    parser.add_argument("--symbols", type=pathlib.Path, default=hibari)
    parser.add_argument("--prepare", type=pathlib.Path)
    parser.add_argument("file", nargs="?")
    arguments = parser.parse_args()
    if arguments.prepare:
        return prepare(arguments.prepare, arguments.models / "kokoro.onnx")
    sound = speak(arguments, sys.stdin.read())
    import soundfile as sf

    sf.write(arguments.file, np.clip(sound, -1, 1), 24_000, subtype="PCM_16")


def speak(arguments, text):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    model = ort.InferenceSession(str(arguments.models / "kokoro.onnx"), options, providers=["CPUExecutionProvider"])
    symbols = json.loads(arguments.symbols.read_text())
    ids = [symbols[symbol] for symbol in phonemes(text, arguments.language) if symbol in symbols][:508]
    style = np.fromfile(arguments.models / "voices" / f"{arguments.voice}.bin", np.float32).reshape(-1, 1, 256)
    feed = {"input_ids": np.array([[0, *ids, 0]], np.int64), "style": style[len(ids)], "speed": np.ones(1, np.float32)}
    return model.run(None, feed)[0].reshape(-1)


def phonemes(text, language):
    out = ""
    for piece in PAUSES.split(text):
        if PAUSES.fullmatch(piece):
            out += piece + " "
        elif piece.strip():
            said = subprocess.run(
                ["espeak-ng", "-q", "--ipa", "-v", language, piece.strip()], capture_output=True, text=True, check=True
            ).stdout
            out += " ".join(said.split())
    for theirs, ours in SPANISH if language.startswith("es") else CHANGES:
        out = out.replace(theirs, ours)
    return out.strip()


def prepare(half, single):
    """Writes the weights in single precision."""
    import onnx
    from onnx import TensorProto, numpy_helper

    def widen(tensor):
        if tensor.data_type == TensorProto.FLOAT16:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float32), tensor.name))

    def walk(graph):
        for tensor in graph.initializer:
            widen(tensor)
        for value in (*graph.value_info, *graph.input, *graph.output):
            if value.type.tensor_type.elem_type == TensorProto.FLOAT16:
                value.type.tensor_type.elem_type = TensorProto.FLOAT
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.type == onnx.AttributeProto.TENSOR:
                    widen(attribute.t)
                elif attribute.type == onnx.AttributeProto.GRAPH:
                    walk(attribute.g)
                elif node.op_type == "Cast" and attribute.name == "to" and attribute.i == TensorProto.FLOAT16:
                    attribute.i = TensorProto.FLOAT

    model = onnx.load(half)
    walk(model.graph)
    del model.graph.value_info[:]
    onnx.save(model, single)


if __name__ == "__main__":
    main()
