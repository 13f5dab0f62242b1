//! Ids that must not be mixed up.

use std::fmt;

/// One call: the caller's whole visit, whatever legs it takes. Short enough to say on the phone.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CallId(pub u64);

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c-{:012x}", self.0 & 0xffff_ffff_ffff)
    }
}

macro_rules! numbered {
    ($($(#[$doc:meta])* $name:ident $prefix:literal),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(pub u32);

        impl $name {
            /// Returns the id after this one.
            #[must_use]
            pub fn next(self) -> Self {
                Self(self.0.wrapping_add(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    )*};
}

numbered! {
    /// One SIP dialog with its media: unique in the process.
    LegId "leg-",
    /// One turn of the caller within a call.
    TurnId "turn-",
    /// One thing the agent says, unique within a call.
    UtteranceId "utt-",
    /// What the agent is saying now. Sound stamped with an older epoch is not played.
    Epoch "epoch-",
    /// One request to a tool, unique within a call.
    ToolRequestId "tool-",
}

macro_rules! named {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(String);

        impl $name {
            /// Takes a name that was checked where it was read.
            pub fn new(name: impl Into<String>) -> Self {
                Self(name.into())
            }

            /// Returns the name as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

named! {
    /// The name of a trunk: the file name of its SIP profile.
    TrunkName,
    /// The name of a transfer target in a dialplan. The agent names these, never a number.
    TargetName,
}
