//! How a call sounds, in numbers: the E-model with the default values of ITU-T G.107 (06/2015) for
//! narrow band, and on the scale of G.107.1 (06/2019) for wide band.
//!
//! What is measured goes in (delay, loss, its burstiness, the codec); everything else keeps its
//! default, with which a perfect connection has R = 93.2. MOS on the wide-band scale compare with
//! each other, not with narrow-band ones.

use crate::codec::Codec;

/// Ro with the default values (G.107 §7.2), of No = -61.18 dBm0p.
const RO: f32 = 94.77;
/// Is with the default values (G.107 §7.3).
const IS: f32 = 1.41;
/// Ro of the wide-band scale (G.107.1 §7.2).
const RO_WIDE: f32 = 129.0;
/// What a wide-band R is divided by before it becomes a MOS (G.107.1 annex A).
const WIDE_SCALE: f32 = 1.29;
/// No and RLR, of which Idte comes (G.107 table 2).
const NOISE: f32 = -61.18;
const RECEIVE_LOUDNESS: f32 = 2.0;
/// Echo loss of the talker's path and of the listener's (G.107 table 2).
const TALKER_ECHO: f32 = 65.0;
const LISTENER_ECHO: f32 = 110.0;

/// What a codec does to speech.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Impairment {
    /// Ie: what it takes off R without any loss.
    pub equipment: f32,
    /// Bpl: how well it bears loss.
    pub robustness: f32,
    /// On the scale of G.107.1.
    pub wide: bool,
    /// What coding adds to the delay beside the packet time, in ms.
    pub delay_ms: f32,
}

impl Impairment {
    /// Returns what is known of a codec with our concealment.
    ///
    /// G.711: G.113 (11/2007) table I.2 with concealment (Ie 0, Bpl 25.1), which ours resembles;
    /// L16 is never worse. G.722 at 64 kbit/s: Ie,wb 13 of G.113 table IV.1. For loss with G.722,
    /// and for Opus at all, ITU-T has no value that fits ours: Bpl is taken as that of G.711, and
    /// Opus, of which we send and hear 8 kHz of sound, as a wide-band codec a little better than
    /// G.722, with 6.5 ms of its own.
    pub fn of(codec: Codec) -> Self {
        let plain = Self { equipment: 0.0, robustness: 25.1, wide: false, delay_ms: 0.0 };
        match codec {
            Codec::Pcmu | Codec::Pcma | Codec::L16Narrow => plain,
            Codec::L16 => Self { wide: true, ..plain },
            Codec::G722 => Self { equipment: 13.0, wide: true, delay_ms: 1.5, ..plain },
            Codec::Opus => Self { equipment: 10.0, wide: true, delay_ms: 6.5, ..plain },
        }
    }

    /// Ie,eff (G.107 §7.5): `loss` from 0 to 1.
    fn with_loss(&self, loss: f32, burst: f32) -> f32 {
        let percent = (loss * 100.0).clamp(0.0, 100.0);
        if percent <= 0.0 {
            return self.equipment;
        }
        let share = percent / (percent / burst.max(1.0) + self.robustness);
        self.equipment + (95.0 - self.equipment) * share
    }
}

/// What is known of one direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Path {
    /// From mouth to ear, in ms.
    pub delay_ms: f32,
    /// Packets lost on the way or too late, 0 to 1.
    pub loss: f32,
    /// BurstR: 1 when losses are independent, more when they come together (G.107 §7.5).
    pub burst: f32,
    /// The codec.
    pub impairment: Impairment,
}

/// How a direction sounds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rating {
    /// R: 93.2 at best in narrow band, 129 in wide band.
    pub r: f32,
    /// MOS of listening (MOS-LQE): as if there were no delay.
    pub listening: f32,
    /// MOS of a conversation (MOS-CQE).
    pub conversation: f32,
}

/// Rates a direction.
pub fn rate(path: &Path) -> Rating {
    let Path { delay_ms, loss, burst, impairment } = *path;
    let best = if impairment.wide { RO_WIDE } else { RO - IS };
    let equipment = impairment.with_loss(loss, burst);
    let scale = if impairment.wide { WIDE_SCALE } else { 1.0 };
    let of = |delay| best - delay_impairment(delay) - equipment;
    let r = of(delay_ms);
    Rating { r, listening: mos(of(0.0) / scale), conversation: mos(r / scale) }
}

/// BurstR of losses that come so many together on average.
pub fn burst_ratio(loss: f32, mean_burst: f32) -> f32 {
    // Independent losses come 1/(1 - loss) together.
    (mean_burst * (1.0 - loss.clamp(0.0, 1.0))).max(1.0)
}

/// MOS of R (G.107 annex B).
pub fn mos(r: f32) -> f32 {
    match r {
        r if r <= 0.0 => 1.0,
        r if r >= 100.0 => 4.5,
        r => (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).max(1.0),
    }
}

/// Id (G.107 §7.4): echo of the talker, echo of the listener, and delay as such.
fn delay_impairment(one_way_ms: f32) -> f32 {
    let t = one_way_ms.clamp(0.0, 10_000.0);
    let round = 2.0 * t;
    let roe = -1.5 * (NOISE - RECEIVE_LOUDNESS);
    let masked = 6.0 * (-0.3 * t * t).exp();
    let terv = TALKER_ECHO - 40.0 * ((1.0 + t / 10.0) / (1.0 + t / 150.0)).log10() + masked;
    let re = 80.0 + 2.5 * (terv - 14.0);
    let half = (roe - re) / 2.0;
    let talker = (half + (half * half + 100.0).sqrt() - 1.0) * (1.0 - (-t).exp());
    let rle = 10.5 * (LISTENER_ECHO + 7.0) * (round + 1.0).powf(-0.25);
    let half = (RO - rle) / 2.0;
    let listener = half + (half * half + 169.0).sqrt();
    let absolute = if t <= 100.0 {
        0.0
    } else {
        let x = (t / 100.0).log2();
        25.0 * ((1.0 + x.powi(6)).powf(1.0 / 6.0) - 3.0 * (1.0 + (x / 3.0).powi(6)).powf(1.0 / 6.0)
            + 2.0)
    };
    talker + listener + absolute
}

#[cfg(test)]
mod tests {
    use super::*;

    fn narrow(delay_ms: f32, loss: f32, burst: f32) -> Rating {
        rate(&Path { delay_ms, loss, burst, impairment: Impairment::of(Codec::Pcmu) })
    }

    /// G.107 §7.7: with every default R is 93.2.
    #[test]
    fn the_default_is_93_2() {
        let best = narrow(0.0, 0.0, 1.0);
        assert!((best.r - 93.2).abs() < 0.05, "{best:?}");
        assert!((best.conversation - 4.41).abs() < 0.005, "{best:?}");
    }

    /// G.107 table B.1: limits of user satisfaction.
    #[test]
    fn mos_of_r_is_that_of_annex_b() {
        let table = [(90.0, 4.34), (80.0, 4.03), (70.0, 3.60), (60.0, 3.10), (50.0, 2.58)];
        for (r, expected) in table {
            assert!((mos(r) - expected).abs() < 0.01, "{r}: {}", mos(r));
        }
        assert_eq!((mos(-5.0), mos(120.0)), (1.0, 4.5));
        assert!((0..1000).all(|r| mos(r as f32 / 10.0) >= 1.0));
    }

    /// G.107's curve, by the approximation of Cole and Rosenbluth (2001): 0.024 d, and 0.11 more
    /// for each ms beyond 177.3.
    #[test]
    fn delay_costs_what_the_curve_says() {
        for delay in [10.0_f32, 50.0, 100.0, 150.0, 177.0, 200.0, 250.0, 300.0, 400.0] {
            let expected = 93.2 - 0.024 * delay - 0.11 * (delay - 177.3).max(0.0);
            let r = narrow(delay, 0.0, 1.0).r;
            assert!((r - expected).abs() < 3.5, "{delay} ms: {r}, {expected} expected");
        }
        let falls = (0..80).map(|step| narrow(step as f32 * 10.0, 0.0, 1.0).r);
        assert!(falls.collect::<Vec<_>>().windows(2).all(|pair| pair[1] <= pair[0] + 0.01));
    }

    /// G.113 (02/2001) table I.4: Ie of G.711 with concealment under random loss, rounded to 5.
    #[test]
    fn loss_costs_what_the_tables_say() {
        let table = [(0.0, 0.0), (2.0, 7.0), (3.0, 10.0), (5.0, 15.0), (7.0, 20.0), (10.0, 25.0)];
        let table = table.into_iter().chain([(15.0, 35.0), (20.0, 45.0)]);
        for (percent, expected) in table {
            let cost = Impairment::of(Codec::Pcma).with_loss(percent / 100.0, 1.0);
            assert!((cost - expected).abs() < 3.0, "{percent} %: {cost}, {expected} expected");
        }
    }

    #[test]
    fn bursts_cost_more_and_delay_costs_a_conversation_alone() {
        assert!((burst_ratio(0.05, 1.0 / 0.95) - 1.0).abs() < 1e-6);
        assert!((burst_ratio(0.05, 4.0) - 3.8).abs() < 1e-6);
        assert!(narrow(50.0, 0.05, 3.8).r < narrow(50.0, 0.05, 1.0).r - 1.0);
        let slow = narrow(400.0, 0.0, 1.0);
        assert!(slow.listening > 4.4 && slow.conversation < 3.5, "{slow:?}");
    }

    /// G.107.1: R is 129 at best, and G.722 at 64 kbit/s takes 13 off.
    #[test]
    fn wide_band_has_its_own_scale() {
        let impairment = Impairment::of(Codec::G722);
        let best = rate(&Path { delay_ms: 0.0, loss: 0.0, burst: 1.0, impairment });
        assert!((best.r - 116.0).abs() < 0.5, "{best:?}");
        assert!((best.conversation - 4.34).abs() < 0.02, "{best:?}");
    }

    #[test]
    fn no_number_breaks_it() {
        for delay in [-1.0, 0.0, 1e9, f32::INFINITY] {
            for loss in [-1.0, 0.0, 0.5, 1.0, 7.0] {
                for burst in [0.0, 1.0, 1e9] {
                    let rating = narrow(delay, loss, burst);
                    assert!((1.0..=4.5).contains(&rating.conversation), "{rating:?}");
                }
            }
        }
    }
}
