//! Nothing is said to be done before a tool said that it is: every sentence passes here on its way out.

use crate::agent::language::{any, folded, tokens};

/// What a sentence may claim to have been done.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Claim {
    /// A new appointment stands.
    Booked,
    /// An appointment was moved.
    Moved,
    /// An appointment was cancelled.
    Cancelled,
    /// A message was left.
    MessageLeft,
    /// A person has the caller.
    Transferred,
}

/// Returns what a sentence of the agent claims to have been done.
pub(crate) fn claims(sentence: &str) -> Vec<Claim> {
    let words = folded(&tokens(sentence));
    #[rustfmt::skip]
    let rules: &[(Claim, &[&str])] = &[
        (Claim::Booked, &[
            "is|are|been|youre|ive|have|its|thats|now ..1 booked|scheduled", "youre all set ..1",
            "quedo|esta|fue reservada|agendada",
        ]),
        (Claim::Moved, &[
            "is|are|been|youre|ive|have|its|thats|now ..1 moved|rescheduled|changed", "is now on",
            "youre all set ..1", "quedo|esta|fue cambiada|movida|reprogramada", "cita ahora es",
        ]),
        (Claim::Cancelled, &[
            "is|are|been|youre|ive|have|its|thats|now ..1 cancelled|canceled",
            "quedo|esta|fue cancelada|anulada",
        ]),
        (Claim::MessageLeft, &[
            "ive|have|been|is ..1 left|sent|passed|delivered", "team has your message",
            "deje su|una recado|mensaje|nota",
        ]),
        (Claim::Transferred, &["ive|have|been|is|youre ..1 transferred|connected", "ya ..1 comunique|transferi"]),
    ];
    rules.iter().filter(|(_, patterns)| any(&words, patterns)).map(|(claim, _)| *claim).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completion_is_recognised() {
        assert_eq!(claims("Your appointment is now on Friday."), [Claim::Moved]);
        assert_eq!(claims("You're booked for Friday."), [Claim::Booked]);
        assert_eq!(claims("Your appointment has been cancelled."), [Claim::Cancelled]);
        assert_eq!(claims("I've left your message for the team."), [Claim::MessageLeft]);
        assert_eq!(claims("I have Friday at nine. Shall I book it?"), []);
        assert_eq!(claims("One moment, I'll connect you with the front desk."), []);
    }
}
