"""Asks outside judges about the recordings of `attendant bench gap`, and sets their figures beside ours.

    judge.py RUN [--analyzer DIR]

RUN is a folder that the bench left. voice-agent-latency measures each turn again; hotato counts what a caller
would complain of. A turn on which the two differ by more than 20 ms is named, and explained only by the sound that lies
between the two edges.
"""

import argparse
import contextlib
import io
import json
import pathlib
import statistics
import sys
import tempfile

import numpy as np
import soundfile as sf

ALLOWED_MS = 20.0
# 10 dB above a quiet line's own noise.
HEARD_DBOV = -58.0
# hotato names gaps from here on.
LONG_GAP_MS = 2000.0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("--analyzer", type=pathlib.Path, help="where voice-agent-latency is checked out")
    arguments = parser.parse_args()
    levels = sorted(path for path in arguments.run.glob("calls-*/judges") if path.is_dir())
    if not levels:
        sys.exit(f"{arguments.run} holds no calls-*/judges")
    sys.path.insert(0, str(arguments.analyzer or pathlib.Path()))
    verdicts = {str(level.parent.name): judge(level) for level in levels}
    out = arguments.run / "judges.json"
    out.write_text(json.dumps(verdicts, indent=2) + "\n")
    print(f"\nLeft in {out}")
    unexplained = sum(len(level["unexplained"]) for level in verdicts.values())
    sys.exit(1 if unexplained else 0)


def judge(folder):
    from analyzer.measure import ANALYZER_VERSION, analyze_run

    print(f"\n{folder.parent.name}, voice-agent-latency's analyzer {ANALYZER_VERSION}")
    pairs, explained, unexplained, discards, calls_lost = [], [], [], {}, {}
    for result in analyze_run(folder, write=True):
        call = folder / result.call_id
        ours = json.loads((call / "ours.json").read_text())
        sound, rate = sf.read(call / "recording.wav", dtype="float64", always_2d=True)
        if result.discard_reason:
            calls_lost[result.discard_reason] = calls_lost.get(result.discard_reason, 0) + 1
        for theirs, our in zip(result.turns, ours):
            if theirs.discard_reason:
                discards[theirs.discard_reason] = discards.get(theirs.discard_reason, 0) + 1
            if theirs.ttfab_onset_ms is None or our["gap_ms"] is None or theirs.discard_reason:
                continue
            pair = compare(result.call_id, theirs, our, sound, rate)
            pairs.append(pair)
            if abs(pair["difference_ms"]) > ALLOWED_MS:
                (explained if pair["why"] else unexplained).append(pair)
    figures = summary(pairs)
    for name, (ours, theirs) in figures.items():
        print(f"  {name:<6} ours {ours:7.0f} ms   theirs {theirs:7.0f} ms   difference {ours - theirs:+.0f}")
    apart = [pair["difference_ms"] for pair in pairs]
    if apart:
        near = sum(abs(ms) <= ALLOWED_MS for ms in apart)
        print(f"  {near} of {len(apart)} turns within {ALLOWED_MS:.0f} ms; median difference {statistics.median(apart):+.1f} ms")
    print(f"  the judge discards {discards or 'no turn'}, calls {calls_lost or 'none'}")
    for pair in explained + unexplained:
        print(f"  {pair['call']} turn {pair['turn']}: {pair['difference_ms']:+.0f} ms: {pair['why'] or 'UNEXPLAINED'}")
    return {
        "voice_agent_latency": figures,
        "turns": pairs,
        "explained": explained,
        "unexplained": unexplained,
        "discards": discards,
        "calls_discarded": calls_lost,
        "hotato": hotato(folder),
    }


def compare(call, theirs, our, sound, rate):
    edges = {
        "the caller's end": (our["caller_ended_ms"], theirs.t1_ms, sound[:, 0], True),
        "the agent's beginning": (our["agent_began_ms"], theirs.t2_ms, sound[:, 1], False),
    }
    # What is left of the difference without the edges on which the judge is wrong.
    left, why = 0.0, []
    for name, (ours, judged, channel, ending) in edges.items():
        apart = (judged - ours) if ending else (ours - judged)
        said = between(ours, judged, channel, rate, ending) if abs(apart) > ALLOWED_MS / 2 else None
        if said:
            why.append(f"{name}: {said}")
        else:
            left += apart
    return {
        "call": call,
        "turn": theirs.index,
        "ours_ms": our["gap_ms"],
        "theirs_ms": theirs.ttfab_onset_ms,
        "difference_ms": our["gap_ms"] - theirs.ttfab_onset_ms,
        "caller_ended_difference_ms": our["caller_ended_ms"] - theirs.t1_ms,
        "agent_began_difference_ms": our["agent_began_ms"] - theirs.t2_ms,
        "why": "; ".join(why) if why and abs(left) <= ALLOWED_MS else None,
    }


def between(ours, theirs, channel, rate, ending):
    """Says why the judge is wrong about an edge, by the sound that lies between its edge and ours; None where it is not.

    Where ours leaves it out, nobody may hear it; where ours takes it in, most of it must be heard.
    """
    first, last = sorted((ours, theirs))
    step = rate // 100
    # The judge's windows are 8 ms long, and ours 2 ms: the edges themselves belong to neither.
    at = [int(ms * rate / 1000) for ms in (first + 8, last - 8)]
    levels = [level(channel[n : n + step]) for n in range(at[0], at[1], step)]
    if not levels:
        return None
    ours_takes_it = (ours > theirs) == ending
    heard = sum(loud > HEARD_DBOV for loud in levels)
    length = f"{last - first:.0f} ms"
    if ours_takes_it and heard * 2 > len(levels):
        return f"it leaves out {length} of sound at up to {max(levels):.0f} dBov"
    if not ours_takes_it and heard == 0:
        return f"it takes in {length} of which nothing is louder than {max(levels):.0f} dBov"
    return None


def level(samples):
    return 10.0 * np.log10(max(float(np.mean(samples**2)), 1e-13))


def summary(pairs):
    if not pairs:
        return {}
    ranks = {}
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        rank = lambda values: sorted(values)[max(0, -(-int(share * 1000) * len(values) // 1000) - 1)]
        ranks[name] = (rank([p["ours_ms"] for p in pairs]), rank([p["theirs_ms"] for p in pairs]))
    return ranks


# What hotato counts, and what of ours is the same.
SAME = {
    "long_response_gap": lambda turn: (turn["gap_ms"] or 0) >= LONG_GAP_MS or turn["discard"] == "no-reply",
    "agent_start_during_caller": lambda turn: turn["discard"] == "cut-off",
    "overlap_while_agent_talking": lambda turn: turn["discard"] == "over-agent",
}


def hotato(folder):
    """Counts incidents: moments in which a caller was talked over, cut off, or left in silence; beside ours."""
    from hotato import cli

    counts, ours = {}, {name: 0 for name in SAME}
    for tape in sorted(folder.glob("*/recording.wav")):
        for turn in json.loads((tape.parent / "ours.json").read_text()):
            for name, holds in SAME.items():
                ours[name] += bool(holds(turn))
        with tempfile.NamedTemporaryFile(suffix=".json") as out:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                code = cli.main(["scan", "--stereo", str(tape), "--format", "json", "--out", out.name])
            if code not in (0, None):
                counts["unusable"] = counts.get("unusable", 0) + 1
                continue
            for found in json.loads(pathlib.Path(out.name).read_text())["candidates"]:
                counts[found["kind"]] = counts.get(found["kind"], 0) + 1
    for name in sorted({*counts, *ours}):
        theirs, our = counts.get(name, 0), ours.get(name)
        beside = "" if our is None else f"   ours {our}   difference {our - theirs:+d}"
        print(f"  hotato {name:<28} {theirs:4}{beside}")
    return {"hotato": counts, "ours": ours}


if __name__ == "__main__":
    main()
