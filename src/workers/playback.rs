//! What of the agent's speech goes out, to the frame: the media thread's end of a down-ring.
//!
//! A frame is played or not at the moment it is taken, and counted in the same place, so that
//! "what the caller heard" is exact. While the agent is held, none is taken; then it goes on with the next one. It does
//! not go back to the begin of a word: what is heard twice would be counted twice, and a hold that turns out to be for
//! nothing is over before a word is forgotten.

use ringbuf::HeapCons;
use ringbuf::traits::{Consumer, Observer};
use ringbuf::wrap::Wrap;

use crate::base::{Epoch, Frame, UtteranceId, place};

use super::events::MediaEventKind;
use super::fader::{Fader, Steer};
use super::rings::{DownFrame, DownRing, down_ring};

/// How often progress is told: 25 × 20 ms = 0.5 s.
const PROGRESS: u32 = 25;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Playing {
    epoch: Epoch,
    utterance: UtteranceId,
    frames: u32,
}

/// Takes frames off a down-ring and tells what became of each utterance.
pub struct Playback {
    ring: HeapCons<DownFrame>,
    playing: Option<Playing>,
    /// The utterance that was last told to have ended.
    ended: Option<(Epoch, UtteranceId)>,
    steer: Steer,
    fader: Fader,
}

impl Playback {
    /// Makes a down-ring with its player.
    pub fn new() -> (DownRing, Self) {
        let (down, ring) = down_ring();
        (
            down,
            Self {
                ring,
                playing: None,
                ended: None,
                steer: Steer::default(),
                fader: Fader::default(),
            },
        )
    }

    /// From the next frame on the agent is turned down, or held where it is. A frame fades out before it is held.
    pub fn steer(&mut self, ducked: bool, paused: bool) {
        self.steer = Steer { ducked, paused };
    }

    /// Takes the frame to play now, if the leg can play one. Nothing older than `current` is
    /// played; what is thrown away is told once per utterance.
    pub fn next(
        &mut self,
        current: Epoch,
        can_play: bool,
        tell: impl FnMut(MediaEventKind),
    ) -> Option<Frame> {
        let mut frame = Frame::SILENCE;
        self.next_in_place(current, can_play, &mut frame, tell).then_some(frame)
    }

    /// The same, into a place of the caller's; whether there is one.
    pub(super) fn next_in_place(
        &mut self,
        current: Epoch,
        can_play: bool,
        frame: &mut Frame,
        mut tell: impl FnMut(MediaEventKind),
    ) -> bool {
        if let Some(playing) = self.playing
            && is_older(playing.epoch, current)
        {
            self.end(playing, false, &mut tell);
        }
        self.throw_away(current, &mut tell);
        // Looked at again: between the two, a voice may have pushed one that is older.
        let next = self.ring.try_peek().filter(|it| can_play && !is_older(it.epoch, current));
        let fader = &mut self.fader;
        // Of an utterance that is being heard, one frame more fades out.
        let goes_on =
            |next: &DownFrame| self.playing.is_some_and(|it| it.utterance == next.utterance);
        if self.steer.paused && (fader.is_shut() || !next.is_some_and(goes_on)) {
            fader.set(self.steer);
            return false;
        }
        let Some(next) = next else { return false };
        if !goes_on(next) {
            // It begins as it is to be heard.
            fader.set(self.steer);
        }
        *frame = next.frame;
        fader.pass(self.steer, frame);
        let (last, begins) = (next.last, Playing::begin(next));
        self.ring.skip(1);
        let mut playing = match self.playing {
            Some(playing) if playing.utterance == begins.utterance => playing,
            before => {
                if let Some(before) = before {
                    self.end(before, false, &mut tell);
                }
                tell(MediaEventKind::UtteranceStarted { utterance: begins.utterance });
                begins
            }
        };
        playing.frames += 1;
        self.playing = Some(playing);
        if last {
            self.end(playing, true, &mut tell);
        } else if playing.frames % PROGRESS == 0 {
            let Playing { utterance, frames: frames_played, .. } = playing;
            tell(MediaEventKind::UtteranceProgress { utterance, frames_played });
        }
        true
    }

    /// Where the ring's own words are.
    pub(super) fn place(&self) -> (usize, usize) {
        place(self.ring.rb())
    }

    /// Where the next frame is.
    pub(super) fn next_place(&self) -> Option<(usize, usize)> {
        self.ring.try_peek().map(place)
    }

    /// Returns the utterance being played and how many frames of it have been.
    pub fn playing(&self) -> Option<(UtteranceId, u32)> {
        self.playing.map(|playing| (playing.utterance, playing.frames))
    }

    /// At most as many as the ring holds: a voice that goes on pushing cannot keep a tick busy.
    fn throw_away(&mut self, current: Epoch, tell: &mut impl FnMut(MediaEventKind)) {
        for _ in 0..self.ring.capacity().get() {
            let stale = self.ring.try_peek().filter(|stale| is_older(stale.epoch, current));
            let Some(stale) = stale else { return };
            let Playing { epoch, utterance, .. } = Playing::begin(stale);
            if self.ended != Some((epoch, utterance)) {
                self.end(Playing { epoch, utterance, frames: 0 }, false, tell);
            }
            self.ring.skip(1);
        }
    }

    fn end(&mut self, ended: Playing, complete: bool, tell: &mut impl FnMut(MediaEventKind)) {
        let Playing { epoch, utterance, frames: frames_played } = ended;
        self.playing = None;
        self.ended = Some((epoch, utterance));
        tell(MediaEventKind::UtteranceEnded { utterance, frames_played, complete });
    }
}

impl Playing {
    fn begin(frame: &DownFrame) -> Self {
        Self { epoch: frame.epoch, utterance: frame.utterance, frames: 0 }
    }
}

/// Epochs wrap, as all ids do.
pub(super) fn is_older(epoch: Epoch, current: Epoch) -> bool {
    (epoch.0.wrapping_sub(current.0) as i32) < 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Dice;
    use crate::workers::rings::DOWN;

    /// `pause` and `go on` steer it; `push 1.7` a frame of epoch 1, utterance 7, `push 1.7!` its last; `tick 2` plays under
    /// epoch 2, `hold 2` cannot play; `>` is what was told.
    fn check(story: &str) {
        let (mut down, mut playback) = Playback::new();
        let mut told = Vec::new();
        for line in story.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('>')) {
            told.push(line.to_owned());
            let (verb, what) = line.split_once(' ').unwrap_or((line, ""));
            if line == "pause" || line == "go on" {
                playback.steer(false, line == "pause");
                continue;
            }
            if verb == "push" {
                let (epoch, utterance) = what.trim_end_matches('!').split_once('.').unwrap();
                let frame = DownFrame {
                    epoch: Epoch(epoch.parse().unwrap()),
                    utterance: UtteranceId(utterance.parse().unwrap()),
                    last: what.ends_with('!'),
                    frame: Frame::SILENCE,
                };
                assert!(down.push(&frame));
                continue;
            }
            let current = Epoch(what.parse().unwrap());
            let played = playback.next(current, verb == "tick", |kind| {
                told.push(match kind {
                    MediaEventKind::UtteranceStarted { utterance } => format!("> {utterance}"),
                    MediaEventKind::UtteranceEnded { utterance, frames_played, complete } => {
                        format!("> {utterance} {frames_played} {complete}")
                    }
                    other => format!("> {other:?}"),
                });
            });
            if played.is_some() {
                told.push("> frame".into());
            }
        }
        let lines: Vec<_> = story.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
        assert_eq!(told, lines);
    }

    #[test]
    fn an_utterance_is_told_from_its_first_frame_to_its_last() {
        check(
            "push 1.7
             push 1.7!
             push 1.8!
             tick 1
             > utt-7
             > frame
             tick 1
             > utt-7 2 true
             > frame
             tick 1
             > utt-8
             > utt-8 1 true
             > frame
             tick 1",
        );
    }

    #[test]
    fn a_newer_epoch_cuts_what_plays_and_throws_away_what_waits() {
        check(
            "push 1.7
             push 1.7
             push 1.7!
             push 1.8
             tick 1
             > utt-7
             > frame
             tick 2
             > utt-7 1 false
             > utt-8 0 false
             push 1.8!
             push 2.9!
             tick 2
             > utt-9
             > utt-9 1 true
             > frame",
        );
    }

    #[test]
    fn on_hold_nothing_plays_and_a_flush_still_counts() {
        check(
            "push 1.7
             push 1.7
             tick 1
             > utt-7
             > frame
             hold 1
             hold 2
             > utt-7 1 false
             tick 2",
        );
    }

    #[test]
    fn a_voice_that_is_late_leaves_a_pause_and_not_an_end() {
        check(
            "push 1.7
             tick 1
             > utt-7
             > frame
             tick 1
             push 1.7!
             tick 1
             > utt-7 2 true
             > frame",
        );
    }

    #[test]
    fn an_utterance_without_its_last_frame_ends_when_the_next_begins() {
        check(
            "push 1.7
             push 1.8!
             tick 1
             > utt-7
             > frame
             tick 1
             > utt-7 1 false
             > utt-8
             > utt-8 1 true
             > frame",
        );
    }

    #[test]
    fn held_it_fades_out_and_goes_on_with_the_next_frame() {
        check(
            "push 1.7
             push 1.7
             push 1.7
             push 1.7!
             tick 1
             > utt-7
             > frame
             pause
             tick 1
             > frame
             tick 1
             tick 1
             go on
             tick 1
             > frame
             tick 1
             > utt-7 4 true
             > frame",
        );
        // Nothing begins while it is held, and a flush drops what is held.
        check(
            "pause
             push 1.7
             push 1.7!
             tick 1
             go on
             tick 1
             > utt-7
             > frame
             pause
             tick 2
             > utt-7 1 false
             push 2.8!
             tick 2
             go on
             tick 2
             > utt-8
             > utt-8 1 true
             > frame",
        );
    }

    /// Whatever is asked of it, each frame is played once and in its order or not at all, nothing of an epoch is
    /// played after its end, nothing is played while it is held, and the counts are those of what was played.
    #[test]
    fn what_is_counted_is_what_was_played_whatever_is_asked() {
        let (mut resumed, mut flushed) = (0, 0);
        for seed in 0..200 {
            let mut dice = Dice::new(seed);
            let (mut down, mut playback) = Playback::new();
            let (mut epoch, mut utterance, mut number) = (1, 1, 1_i16);
            let (mut paused, mut ducked, mut held) = (false, false, 0);
            let (mut played, mut last_played) = (0, 0_i16);
            for _ in 0..2000 {
                match dice.below(12) {
                    0..=4 => {
                        let (epoch, id) = (Epoch(epoch), UtteranceId(utterance));
                        let last = dice.below(20) == 0;
                        let frame = Frame([40 * number; Frame::SAMPLES]);
                        if down.push(&DownFrame { epoch, utterance: id, last, frame }) {
                            number += 1;
                            if last {
                                (utterance, number) = (utterance + 1, 1);
                            }
                        }
                    }
                    5 => paused = !paused,
                    6 => ducked = !ducked,
                    7 if dice.below(10) == 0 => {
                        (epoch, utterance, number) = (epoch + 1, utterance + 1, 1);
                        flushed += 1;
                    }
                    _ => {}
                }
                playback.steer(ducked, paused);
                held = if paused { held + 1 } else { 0 };
                let mut told = Vec::new();
                let frame = playback.next(Epoch(epoch), dice.below(20) > 0, |kind| told.push(kind));
                for kind in &told {
                    if let MediaEventKind::UtteranceEnded {
                        frames_played, complete: false, ..
                    } = kind
                    {
                        assert_eq!(*frames_played, played, "{seed}");
                        played = 0;
                    }
                }
                let begins =
                    told.iter().any(|kind| matches!(kind, MediaEventKind::UtteranceStarted { .. }));
                let Some(frame) = frame else { continue };
                assert!(held <= 1, "{seed}: played while held");
                assert!(!(begins && paused), "{seed}: begun while held");
                played += 1;
                last_played = if begins { 1 } else { last_played + 1 };
                // The frame in which it is turned up or down ends with the gain that is asked for.
                let gain = if paused {
                    0
                } else if ducked {
                    5827
                } else {
                    1 << 15
                };
                let expected = ((i32::from(40 * last_played) * gain) >> 15) as i16;
                assert_eq!(frame.0[Frame::SAMPLES - 1], expected, "{seed}: after {last_played}");
                resumed += u32::from(paused);
                for kind in told {
                    if let MediaEventKind::UtteranceEnded {
                        frames_played, complete: true, ..
                    } = kind
                    {
                        assert_eq!(frames_played, played, "{seed}");
                        played = 0;
                    }
                }
            }
        }
        assert!(resumed > 200 && flushed > 200, "{resumed} {flushed}");
    }

    /// A voice that pushes old frames faster than they are thrown away gets none of them played.
    #[test]
    fn an_old_frame_pushed_while_others_are_thrown_away_is_not_played() {
        let (mut down, mut playback) = Playback::new();
        let frame = |number| DownFrame {
            epoch: Epoch(1),
            utterance: UtteranceId(number),
            last: false,
            frame: Frame::SILENCE,
        };
        assert!(down.push(&frame(0)));
        let mut thrown_away = 0;
        let played = playback.next(Epoch(2), true, |_| {
            thrown_away += 1;
            assert!(down.push(&frame(thrown_away)));
        });
        assert!(played.is_none() && thrown_away as usize == DOWN);
    }

    #[test]
    fn epochs_wrap() {
        assert!(is_older(Epoch(u32::MAX), Epoch(0)));
        assert!(!is_older(Epoch(0), Epoch(u32::MAX)));
        assert!(!is_older(Epoch(3), Epoch(3)));
    }
}
