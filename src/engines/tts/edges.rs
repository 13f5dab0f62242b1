//! The silence at the edges of a sentence.

/// The grain in which silence is looked for: 5 ms.
const GRAIN: usize = 5 * 16;
/// Below this a grain is silent: -55 dBov, as a sum of absolute values over a grain.
const SILENT: u32 = 58 * GRAIN as u32;
/// What is kept before the first sound, so that a soft consonant is not cut: 20 ms.
const LEAD: usize = 20 * 16;
/// What is kept after the last: 30 ms.
const TAIL: usize = 30 * 16;

/// Returns the sound, 16 kHz, without the silence at its edges.
pub(super) fn spoken(sound: &[i16]) -> &[i16] {
    let loud =
        |grain: &[i16]| grain.iter().map(|s| u32::from(s.unsigned_abs())).sum::<u32>() > SILENT;
    let grains = || sound.chunks(GRAIN).map(loud);
    let (Some(first), Some(last)) = (grains().position(|l| l), grains().rposition(|l| l)) else {
        return &[];
    };
    let from = (first * GRAIN).saturating_sub(LEAD);
    let to = ((last + 1) * GRAIN + TAIL).min(sound.len());
    &sound[from..to]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_at_the_edges_is_not_spoken() {
        let mut sound = vec![3_i16; 16_000];
        sound[8_000..8_160].fill(2_000);
        let kept = spoken(&sound);
        assert_eq!(kept.len(), LEAD + 160 + TAIL);
        assert_eq!(kept[LEAD], 2_000);
        assert!(spoken(&[0; 1_000]).is_empty());
        assert!(spoken(&[]).is_empty());
    }
}
