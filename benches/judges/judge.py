"""Asks outside judges about the recordings of `attendant bench gap`, and sets their figures beside ours.

    judge.py RUN [--analyzer DIR]

RUN is a folder that the bench left. voice-agent-latency measures each turn again; hotato counts what a caller
would complain of. A turn on which the two differ by more than 20 ms is named, with what the judge says of it.
"""

import argparse
import contextlib
import io
import json
import pathlib
import statistics
import sys
import tempfile

ALLOWED_MS = 20.0


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
        ours = json.loads((folder / result.call_id / "ours.json").read_text())
        if result.discard_reason:
            calls_lost[result.discard_reason] = calls_lost.get(result.discard_reason, 0) + 1
        for theirs, our in zip(result.turns, ours):
            if theirs.discard_reason:
                discards[theirs.discard_reason] = discards.get(theirs.discard_reason, 0) + 1
            if theirs.ttfab_onset_ms is None or our["gap_ms"] is None or theirs.discard_reason:
                continue
            pair = compare(result.call_id, theirs, our)
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


def compare(call, theirs, our):
    end = our["caller_ended_ms"] - theirs.t1_ms
    start = our["agent_began_ms"] - theirs.t2_ms
    why = None
    # The judge's own second detector (webrtcvad) contradicts its first about the same edge.
    doubts = [flag for flag in theirs.flags if flag.startswith(("vad_onset", "vad_disagreement"))]
    if abs(start) > ALLOWED_MS / 2 and doubts:
        why = f"its two detectors differ about the agent's beginning: {', '.join(doubts)}"
    return {
        "call": call,
        "turn": theirs.index,
        "ours_ms": our["gap_ms"],
        "theirs_ms": theirs.ttfab_onset_ms,
        "difference_ms": our["gap_ms"] - theirs.ttfab_onset_ms,
        "caller_ended_difference_ms": end,
        "agent_began_difference_ms": start,
        "why": why,
    }


def summary(pairs):
    if not pairs:
        return {}
    ranks = {}
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        rank = lambda values: sorted(values)[max(0, -(-int(share * 1000) * len(values) // 1000) - 1)]
        ranks[name] = (rank([p["ours_ms"] for p in pairs]), rank([p["theirs_ms"] for p in pairs]))
    return ranks


def hotato(folder):
    """Counts incidents: moments in which a caller was talked over, cut off, or left in silence."""
    from hotato import cli

    counts = {}
    for tape in sorted(folder.glob("*/recording.wav")):
        with tempfile.NamedTemporaryFile(suffix=".json") as out:
            with contextlib.redirect_stdout(io.StringIO()):
                code = cli.main(["scan", "--stereo", str(tape), "--format", "json", "--out", out.name])
            if code not in (0, None):
                counts["unusable"] = counts.get("unusable", 0) + 1
                continue
            for found in json.loads(pathlib.Path(out.name).read_text())["candidates"]:
                counts[found["kind"]] = counts.get(found["kind"], 0) + 1
    print(f"  hotato: {counts or 'nothing'}")
    return counts


if __name__ == "__main__":
    main()
