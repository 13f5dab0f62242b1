//! What a person has to know before they take the call: who, why, what was said, what was done.

use super::task::Kind;
use crate::agent::conversation::Conversation;
use crate::agent::tongue::Tongue;
use crate::agent::wording;
use crate::base::{Phi, Purpose};

impl Conversation {
    /// Returns the hand-off's summary, in sentences.
    pub fn summary(&self) -> Phi<String> {
        let mut sentences = vec![self.who()];
        if self.wording.tongue != Tongue::English {
            sentences.push(format!("Speaks {}.", self.wording.tongue.name()));
        }
        if let Some(wanted) = self.wanted() {
            sentences.push(wanted);
        }
        for flag in &self.flagged {
            let name = flag.trim_start_matches("red_flag.").replace('_', " ");
            sentences.push(format!("Possible emergency ({name}): told to call for help."));
        }
        sentences.extend(self.deeds.iter().map(|deed| deed.reveal(Purpose::EhrRequest).clone()));
        if let Some(heard) = &self.heard {
            let last: String = heard.reveal(Purpose::EhrRequest).chars().take(300).collect();
            sentences.push(format!("Last said: \"{last}\""));
        }
        Phi::new(sentences.join(" "))
    }

    /// "Maria Lopez, born March 9, 1984, verified."
    pub(super) fn who(&self) -> String {
        let reveal = |name: &Option<Phi<String>>| {
            name.as_ref().map(|n| n.reveal(Purpose::EhrRequest).clone())
        };
        let names: Vec<String> =
            [reveal(&self.facts.given), reveal(&self.facts.family)].into_iter().flatten().collect();
        let born = self.facts.birth_date.as_ref().map(|date| {
            format!(
                ", born {}",
                wording::birth_date(Tongue::English, *date.reveal(Purpose::EhrRequest))
            )
        });
        let state = if self.facts.is_verified() {
            "verified"
        } else if self.facts.locked {
            "verification failed"
        } else {
            "not verified"
        };
        if names.is_empty() {
            return format!("The caller did not give a name; {state}.");
        }
        format!("{}{}, {state}.", names.join(" "), born.unwrap_or_default())
    }

    fn wanted(&self) -> Option<String> {
        let appointment = self.task.appointment.as_ref().map(|a| {
            let known = a.reveal(Purpose::EhrRequest);
            format!(
                " ({} on {} with {})",
                known.visit_type.spoken(),
                wording::moment(Tongue::English, known.start),
                known.practitioner
            )
        });
        let which = appointment.unwrap_or_default();
        match self.task.kind {
            Kind::None => None,
            Kind::Reschedule => Some(format!("Wanted to move an appointment{which}.")),
            Kind::Cancel => Some(format!("Wanted to cancel an appointment{which}.")),
            Kind::Appointments => Some("Wanted to know about their appointments.".into()),
            Kind::Message => Some("Wanted to leave a message.".into()),
            Kind::Book => {
                let what = self.task.wish.visit_type.map_or("appointment", |kind| kind.spoken());
                Some(format!("Wanted to book: {what}."))
            }
        }
    }
}
