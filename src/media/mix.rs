//! Two voices at once.

use crate::base::Frame;

/// Mixes the agent over somebody else, who is turned down by 12 dB so that the agent is understood.
pub fn over(agent: &Frame, other: &Frame) -> Frame {
    Frame(std::array::from_fn(|i| agent.0[i].saturating_add(other.0[i] / 4)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agent_is_on_top_and_nothing_wraps() {
        let mixed = over(&Frame([1000; 320]), &Frame([400; 320]));
        assert!(mixed == Frame([1100; 320]));
        assert!(over(&Frame([i16::MAX; 320]), &Frame([400; 320])) == Frame([i16::MAX; 320]));
        assert!(over(&Frame([i16::MIN; 320]), &Frame([-400; 320])) == Frame([i16::MIN; 320]));
    }
}
