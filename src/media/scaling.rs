//! Speech a little shorter or longer, without changing its pitch: one period of the voice is left
//! out or put in where it is most like the next one (overlap-add at the best correlation).

/// Samples of a millisecond at 16 kHz.
const MS: usize = 16;
/// The shortest period: 2.5 ms.
pub(super) const SHORTEST: usize = 5 * MS / 2;
/// The longest: 12.5 ms, the voice of a low man.
pub(super) const LONGEST: usize = 25 * MS / 2;
/// What is compared: 10 ms.
const WINDOW: usize = 10 * MS;
/// Less alike, and the joint could be heard.
const ALIKE: f32 = 0.6;

/// Leaves out one period of `sound`, which begins where the last frame ended and is at least
/// 22.5 ms long. Returns how many samples at its front are to be dropped: what follows them has
/// been blended with them. `None` where no period is found.
pub(super) fn shorten(sound: &mut [i16]) -> Option<usize> {
    if sound.len() < LONGEST + WINDOW {
        return None;
    }
    let mut best = (ALIKE, None);
    for period in (SHORTEST..=LONGEST).step_by(2) {
        let likeness = likeness(sound, &sound[period..]);
        if likeness > best.0 {
            best = (likeness, Some(period));
        }
    }
    let period = best.1?;
    for index in 0..period {
        sound[period + index] = mix(sound[index], sound[period + index], index, period);
    }
    Some(period)
}

/// Puts one period in before `sound`. `past` is what was heard before it, the latest last; both
/// are at least [`LONGEST`] long. Returns its length; it stands at the front of `out`.
pub(super) fn lengthen(past: &[i16], sound: &[i16], out: &mut [i16; LONGEST]) -> Option<usize> {
    if past.len() < LONGEST || sound.len() < LONGEST {
        return None;
    }
    // The last of the past is heard once more: where does it fit on to itself?
    let mut joint = [0; 2 * LONGEST];
    let (before, after) = joint.split_at_mut(LONGEST);
    before.copy_from_slice(&past[past.len() - LONGEST..]);
    after.copy_from_slice(&sound[..LONGEST]);
    let mut best = (ALIKE, None);
    for period in (SHORTEST..=LONGEST).step_by(2) {
        let likeness = likeness(&joint[LONGEST..], &joint[LONGEST - period..]);
        if likeness > best.0 {
            best = (likeness, Some(period));
        }
    }
    let period = best.1?;
    for (index, sample) in out[..period].iter_mut().enumerate() {
        *sample = mix(joint[LONGEST + index], joint[LONGEST - period + index], index, period);
    }
    Some(period)
}

/// The correlation of 10 ms, 1 at most. Every second sample tells enough.
fn likeness(one: &[i16], other: &[i16]) -> f32 {
    let (mut product, mut first, mut second) = (0.0_f32, 1.0_f32, 1.0_f32);
    let pairs = one.iter().zip(other).take(WINDOW).step_by(2);
    for (&a, &b) in pairs {
        let (a, b) = (f32::from(a), f32::from(b));
        product += a * b;
        first += a * a;
        second += b * b;
    }
    product / (first * second).sqrt()
}

/// From `one` to `other`, `index` of `length` on.
pub(super) fn mix(one: i16, other: i16, index: usize, length: usize) -> i16 {
    let (index, length) = (index as i32, length.max(1) as i32);
    ((i32::from(one) * (length - index) + i32::from(other) * index) / length) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn voice(from: usize, samples: usize, hertz: f64) -> Vec<i16> {
        let at = |i: usize| TAU * hertz * (from + i) as f64 / 16e3;
        (0..samples).map(|i| (6000.0 * at(i).sin() + 3000.0 * (3.0 * at(i)).sin()) as i16).collect()
    }

    /// The steepest step between two samples.
    fn roughest(sound: &[i16]) -> i32 {
        sound.windows(2).map(|two| (i32::from(two[1]) - i32::from(two[0])).abs()).max().unwrap()
    }

    #[test]
    fn a_voice_loses_or_gains_whole_periods_and_no_step_is_heard() {
        for hertz in [82.0, 110.0, 160.0, 230.0, 310.0, 390.0] {
            let past = voice(0, 320, hertz);
            let mut sound = voice(320, 640, hertz);
            let natural = roughest(&sound);

            let mut put_in = [0; LONGEST];
            let length = lengthen(&past, &sound, &mut put_in).expect("a period");
            let periods = length as f64 * hertz / 16e3;
            assert!((periods - periods.round()).abs() < 0.06, "{hertz} Hz: {periods}");
            let joined = [&past[..], &put_in[..length], &sound].concat();
            assert!(roughest(&joined) <= natural + 300, "{hertz} Hz: {}", roughest(&joined));

            let length = shorten(&mut sound).expect("a period");
            let periods = length as f64 * hertz / 16e3;
            assert!((periods - periods.round()).abs() < 0.06, "{hertz} Hz: {periods}");
            let joined = [&past[..], &sound[length..]].concat();
            assert!(roughest(&joined) <= natural + 300, "{hertz} Hz: {}", roughest(&joined));
        }
    }

    #[test]
    fn what_has_no_period_is_left_alone() {
        let mut dice = crate::base::Dice::new(5);
        let noise: Vec<i16> = (0..640).map(|_| dice.below(8000) as i16 - 4000).collect();
        assert_eq!(shorten(&mut noise.clone()), None);
        assert_eq!(lengthen(&noise[..320], &noise[320..], &mut [0; LONGEST]), None);
    }
}
