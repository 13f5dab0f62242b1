//! The kinds of mistake a file can hold. Each has an entry in the manual under its name.

/// A kind of mistake. The name does not change: it heads the entry in the manual.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Code {
    /// A file cannot be read.
    File,
    /// Not TOML.
    Syntax,
    /// A key that nothing reads.
    UnknownKey,
    /// A value that is not one of the known ones.
    UnknownValue,
    /// A key that must be there.
    MissingKey,
    /// A value of the wrong type or shape.
    Value,
    /// A name that is defined nowhere.
    Undefined,
    /// A name that is defined twice.
    Duplicate,
    /// A name or value that nothing uses.
    Unused,
    /// A key that can have no effect where it stands.
    NoEffect,
    /// A secret written into the file, or one that cannot be read.
    Secret,
    /// An address that a peer could not answer to.
    Wildcard,
    /// Fewer ports than calls.
    Ports,
    /// Two SIP profiles for the same source.
    SourceClaimed,
    /// A number outside `[transfer] allow`.
    NotAllowed,
    /// An emergency or premium number that the agent could reach.
    Forbidden,
    /// A route that can never match.
    Unreachable,
    /// A call of a `[[test]]` that lands elsewhere.
    Test,
    /// A plan without a last resort.
    NoLastResort,
    /// A preset that was not run against the PBX.
    Unverified,
    /// Keys of SRTP over SIP without TLS.
    KeysInClear,
    /// A language that nobody hears or speaks, or only a vendor.
    Language,
    /// Recordings that only one key opens.
    OneKey,
}

impl Code {
    /// All of them.
    pub const ALL: [Self; 23] = [
        Self::File,
        Self::Syntax,
        Self::UnknownKey,
        Self::UnknownValue,
        Self::MissingKey,
        Self::Value,
        Self::Undefined,
        Self::Duplicate,
        Self::Unused,
        Self::NoEffect,
        Self::Secret,
        Self::Wildcard,
        Self::Ports,
        Self::SourceClaimed,
        Self::NotAllowed,
        Self::Forbidden,
        Self::Unreachable,
        Self::Test,
        Self::NoLastResort,
        Self::Unverified,
        Self::KeysInClear,
        Self::Language,
        Self::OneKey,
    ];

    /// Returns the name.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "config-file",
            Self::Syntax => "config-syntax",
            Self::UnknownKey => "config-unknown-key",
            Self::UnknownValue => "config-unknown-value",
            Self::MissingKey => "config-missing-key",
            Self::Value => "config-value",
            Self::Undefined => "config-undefined",
            Self::Duplicate => "config-duplicate",
            Self::Unused => "config-unused",
            Self::NoEffect => "config-no-effect",
            Self::Secret => "config-secret",
            Self::Wildcard => "config-wildcard",
            Self::Ports => "config-ports",
            Self::SourceClaimed => "config-source-claimed",
            Self::NotAllowed => "config-not-allowed",
            Self::Forbidden => "config-forbidden-number",
            Self::Unreachable => "config-unreachable-route",
            Self::Test => "config-test-failed",
            Self::NoLastResort => "config-no-last-resort",
            Self::Unverified => "config-preset-unverified",
            Self::KeysInClear => "config-srtp-without-tls",
            Self::Language => "config-language",
            Self::OneKey => "config-recording-one-key",
        }
    }
}
