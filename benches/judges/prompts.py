"""Collects the sentences that the agent says out of its wording, with the seeded clinic's facts in them, a line each.

    prompts.py [SRC] > prompts.txt

It reads the string literals of `src/agent`; what stands in tests, and what is written for the staff or the record, is
left out. A new sentence of the agent's is in the list without anybody putting it there.
"""

import pathlib
import re
import sys

# Files whose sentences are read by people and not heard by callers.
NOT_SPOKEN = {"summary.rs", "api.rs"}
FACTS = {
    "there": "the front desk",
    "lead": "Of course.",
    "which": " on Thursday, November 26 at 10:00 AM with Dr. Patel",
    "told": "Friday, November 27 at 9:30 AM with Dr. Patel",
    "why": "I'm afraid I can't do that.",
    "what": "Friday, November 27 at 9:30 AM with Dr. Patel",
    "question": "Shall I book it?",
    "verb": "move",
    "practitioner": "Dr. Patel",
    "moment": "Friday, November 27 at 9:30 AM",
    "name": "Sarah Johnson",
    "family": "Johnson",
    "text": "Thank you.",
}
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"', re.S)
# How notes for the staff begin.
STAFF = (
    "Possible emergency", "The caller", "Last said", "Wanted to", "Booked an", "Moved the", "Cancelled the", "Answered a",
    "Told them", "Took a message", "A transfer was", "Left an",
)


def main():
    source = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "src") / "agent"
    seen = {}
    for path in sorted(source.rglob("*.rs")):
        if path.name in NOT_SPOKEN:
            continue
        text = path.read_text().split("#[cfg(test)]")[0]
        text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(("//", "#[error", "#[doc")))
        for literal in LITERAL.findall(text):
            sentence = spoken(literal)
            if sentence:
                seen.setdefault(sentence, path)
    print("\n".join(seen))


def spoken(literal):
    text = re.sub(r"\\\n\s*", "", literal).replace('\\"', '"').replace("\\n", " ").strip()
    if text.startswith(STAFF) or "|" in text or ".." in text or not text.endswith((".", "?")) or " " not in text:
        return None
    text = re.sub(r"\{(\w+)\}", lambda found: FACTS.get(found[1], "{}"), text)
    # A bare {} stands for different things in each place: such a sentence is said in the calls of `bench gap`.
    if "{" in text or not text[0].isupper():
        return None
    return text


if __name__ == "__main__":
    main()
