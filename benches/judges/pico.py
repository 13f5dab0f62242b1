"""Speaks the text on standard input with SVOX Pico: pico.py [--language en-US] FILE."""

import argparse
import sys
import wave

import ttspico

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--language", default="en-US")
parser.add_argument("file")
arguments = parser.parse_args()
sound = ttspico.TtsEngine(arguments.language).speak(sys.stdin.read())
with wave.open(arguments.file, "wb") as tape:
    tape.setnchannels(1)
    tape.setsampwidth(2)
    tape.setframerate(16_000)
    tape.writeframes(sound)
