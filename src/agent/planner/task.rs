//! What the caller wants done, and what is known of it.

use jiff::civil::{DateTime, Weekday};

use crate::agent::language::When;
use crate::agent::tools::{KnownAppointment, OfferedSlot, Ref};
use crate::agent::wording::Line;
use crate::base::Phi;
use crate::practice::VisitType;

/// What is to be done.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Nothing yet.
    #[default]
    None,
    /// Move an appointment.
    Reschedule,
    /// Make one.
    Book,
    /// Call one off.
    Cancel,
    /// Tell when they are.
    Appointments,
    /// Take a message.
    Message,
}

/// The task at hand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Task {
    /// What is to be done.
    pub(crate) kind: Kind,
    /// Which appointment the caller speaks of.
    pub(crate) hint: Hint,
    /// The appointments on record, once fetched.
    pub(crate) appointments: Option<Phi<Vec<KnownAppointment>>>,
    /// The one that it is about.
    pub(crate) appointment: Option<Phi<KnownAppointment>>,
    /// What the caller would like.
    pub(crate) wish: Wish,
    /// The search under way.
    pub(crate) search: Search,
    /// Free slots found and not offered yet.
    pub(crate) slots: Vec<OfferedSlot>,
    /// What was last on offer.
    pub(crate) offered: Option<OfferedSlot>,
    /// The message, while a name is asked for.
    pub(crate) message: Option<Phi<String>>,
    /// Whether a name was asked for with it.
    pub(crate) name_asked: bool,
    /// Starts that were declined.
    pub(crate) declined: Vec<DateTime>,
}

/// How the caller names an appointment they have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hint {
    /// "Thursday at ten"
    pub(crate) when: When,
    /// "my Thursday appointment"
    pub(crate) weekdays: Vec<Weekday>,
    /// Whether the day is surely the appointment's own.
    pub(crate) by_day: bool,
    /// "with Dr. Patel", as spoken
    pub(crate) practitioner: Option<String>,
    /// "my physical"
    pub(crate) visit_type: Option<VisitType>,
}

/// What the caller would like.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    /// When.
    pub(crate) when: When,
    /// Whether anything was said about when.
    pub(crate) stated: bool,
    /// Later than this start.
    pub(crate) after: Option<DateTime>,
    /// Earlier than this start.
    pub(crate) before: Option<DateTime>,
    /// With this practitioner.
    pub(crate) practitioner: Option<Ref>,
    /// Not with this one, as spoken.
    pub(crate) not_with: Option<String>,
    /// Whether the caller said with whom, or that it does not matter.
    pub(crate) practitioner_stated: bool,
    /// What for.
    pub(crate) visit_type: Option<VisitType>,
}

/// A search for a free slot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Search {
    /// Wishes given up so far: 0 none, 1 the day, 2 the part of the day, 3 the practitioner.
    pub(crate) relaxed: u8,
    /// Pages looked through.
    pub(crate) pages: u8,
    /// Where the next page begins.
    pub(crate) page_from: Option<DateTime>,
    /// Why something else than the wish is on offer, to be said with it.
    pub(crate) because: Option<Line>,
}
