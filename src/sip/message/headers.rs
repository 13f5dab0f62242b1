//! Header fields, in order: `rsip`'s header enum as the store, our names and bytes round it.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;

use rsip::Header;
use rsip::headers::UntypedHeader;

use super::scan;
use super::via::Via;

/// One header field.
#[derive(Clone, Eq)]
pub(super) struct Field {
    /// Which field it is, of those that the model has a variant for.
    kind: Kind,
    /// The field in the model; its value is text.
    pub(super) header: Header,
    /// The value came as Latin-1 and goes out as Latin-1.
    pub(super) latin1: bool,
    /// The value came from the network, where the parser has checked it: it goes out as it came,
    /// even with a control byte that was escaped by the rules.
    pub(super) checked: bool,
}

/// Header fields in order. Names compare without regard to case, and a compact name is the same
/// as the long one. `{:?}` shows names alone.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Headers(pub(super) Vec<Field>);

impl Headers {
    /// Returns the first value under a name, unfolded and trimmed.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_all(name).next()
    }

    /// Returns every value under a name. A value may hold a list: see [`Headers::list`].
    pub fn get_all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let name = Name::new(name);
        self.0.iter().filter(move |field| field.has(name)).map(Field::value)
    }

    /// Returns the first value of a field that the model knows.
    pub(super) fn known(&self, kind: Kind) -> Option<&str> {
        self.known_all(kind).next()
    }

    /// Returns every value of a field that the model knows.
    pub(super) fn known_all(&self, kind: Kind) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |field| field.kind == kind).map(Field::value)
    }

    /// Whether there is a field of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Adds a field at the end.
    pub fn push(&mut self, name: &str, value: impl AsRef<str>) {
        self.0.push(Field::new(name, value.as_ref()));
    }

    /// Adds a field at the beginning: a Via goes there.
    pub fn push_first(&mut self, name: &str, value: impl AsRef<str>) {
        self.0.insert(0, Field::new(name, value.as_ref()));
    }

    /// Sets the only field of this name, where the first one stands, or at the end.
    pub fn set(&mut self, name: &str, value: impl AsRef<str>) {
        let field = Field::new(name, value.as_ref());
        let name = Name::new(name);
        match self.0.iter().position(|old| old.has(name)) {
            Some(at) => {
                self.0[at] = field;
                let mut after = 0..;
                self.0.retain(|old| after.next().is_some_and(|i: usize| i <= at) || !old.has(name));
            }
            None => self.0.push(field),
        }
    }

    /// Takes out every field of this name.
    pub fn remove(&mut self, name: &str) {
        let name = Name::new(name);
        self.0.retain(|field| !field.has(name));
    }

    /// Returns names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|field| (field.name(), field.value()))
    }

    /// Returns how many fields there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds every field of this name from other headers, bytes as received.
    pub fn copy(&mut self, from: &Self, name: &str) {
        let name = Name::new(name);
        self.0.extend(from.0.iter().filter(|field| field.has(name)).cloned());
    }

    /// Puts a tag on To, unless it has one; the rest of it stays as received (RFC 3261 §8.2.6.2).
    pub fn set_to_tag(&mut self, tag: &str) {
        let tagged = self.to().is_none_or(|to| to.tag().is_some());
        let Some(field) =
            self.0.iter_mut().find(|field| field.kind == Kind::To).filter(|_| !tagged)
        else {
            return;
        };
        let value = format!("{};tag={tag}", field.value().trim_end_matches([';', ' ', '\t']));
        let Field { latin1, checked, .. } = *field;
        *field = Field { latin1, checked, ..Field::new("To", &value) };
    }

    /// Notes in the top Via where the request really came from (RFC 3261 §18.2.1, RFC 3581 §4).
    pub fn stamp_via(&mut self, source: SocketAddr) {
        let Some(field) = self.0.iter_mut().find(|field| field.kind == Kind::Via) else { return };
        let Ok(list) = scan::split(field.value(), b',', true) else { return };
        let Some((Ok(mut top), rest)) =
            list.split_first().map(|(top, rest)| (Via::parse(top), rest))
        else {
            return;
        };
        top.stamp(source);
        let mut value = top.to_wire();
        for via in rest {
            value.push_str(", ");
            value.push_str(via);
        }
        let Field { latin1, checked, .. } = *field;
        *field = Field { latin1, checked, ..Field::new("Via", &value) };
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

/// Where a field came from makes it no other one.
impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.header == other.header && self.latin1 == other.latin1
    }
}

impl Field {
    /// A field of our own, whose value is looked at when it is written.
    pub(super) fn new(name: &str, value: &str) -> Self {
        Self::of(name, scan::trim(value).to_owned())
    }

    /// A field as the network sent it: trimmed, decoded and checked.
    pub(super) fn received(name: &str, value: String, latin1: bool) -> Self {
        Self { latin1, checked: true, ..Self::of(name, value) }
    }

    fn of(name: &str, value: String) -> Self {
        let Name { kind, text } = Name::new(name);
        Self { kind, header: header(kind, text, value), latin1: false, checked: false }
    }

    fn has(&self, name: Name<'_>) -> bool {
        self.kind == name.kind
            && (name.kind != Kind::Other || self.name().eq_ignore_ascii_case(name.text))
    }

    /// Returns the value's bytes for the wire.
    pub(super) fn to_bytes(&self) -> Cow<'_, [u8]> {
        let latin1 = || self.value().chars().map(|c| u8::try_from(c).ok()).collect::<Option<_>>();
        let bytes = self.latin1.then(latin1).flatten();
        bytes.map_or_else(|| Cow::Borrowed(self.value().as_bytes()), Cow::Owned)
    }
}

/// The name of a header field, looked up.
#[derive(Clone, Copy)]
struct Name<'a> {
    kind: Kind,
    /// The long form, spelt as it came.
    text: &'a str,
}

impl<'a> Name<'a> {
    fn new(name: &'a str) -> Self {
        let text = long_name(name);
        let candidates = BY_LENGTH.get(text.len()).map_or(&[][..], |candidates| &candidates[..]);
        let known = candidates.iter().map_while(|at| KINDS.get(usize::from(*at)));
        let first = text.as_bytes().first().map(u8::to_ascii_lowercase);
        let kind = known.copied().find(|(_, name)| {
            name.as_bytes().first().map(u8::to_ascii_lowercase) == first
                && name.eq_ignore_ascii_case(text)
        });
        Self { kind: kind.map_or(Kind::Other, |(kind, _)| kind), text }
    }
}

/// The model's names of each length, as indexes; `u8::MAX` where there are no more.
const BY_LENGTH: [[u8; 8]; 24] = {
    let mut table = [[u8::MAX; 8]; 24];
    let mut at = 0;
    while at < KINDS.len() {
        let row = &mut table[KINDS[at].1.len()];
        let mut column = 0;
        while row[column] != u8::MAX {
            column += 1;
        }
        row[column] = at as u8;
        at += 1;
    }
    table
};

/// Returns the long form of a compact header name (RFC 3261 §7.3.3 and the IANA registry).
pub(super) fn long_name(name: &str) -> &str {
    let [letter] = name.as_bytes() else { return name };
    match letter.to_ascii_lowercase() {
        b'a' => "Accept-Contact",
        b'b' => "Referred-By",
        b'c' => "Content-Type",
        b'd' => "Request-Disposition",
        b'e' => "Content-Encoding",
        b'f' => "From",
        b'i' => "Call-ID",
        b'j' => "Reject-Contact",
        b'k' => "Supported",
        b'l' => "Content-Length",
        b'm' => "Contact",
        b'n' => "Identity-Info",
        b'o' => "Event",
        b'r' => "Refer-To",
        b's' => "Subject",
        b't' => "To",
        b'u' => "Allow-Events",
        b'v' => "Via",
        b'x' => "Session-Expires",
        b'y' => "Identity",
        _ => name,
    }
}

/// The model's variants and their names on the wire.
macro_rules! fields {
    ($($variant:ident $name:literal)*) => {
        /// Which field it is.
        #[derive(Clone, Copy, Eq, PartialEq)]
        pub(super) enum Kind {
            $($variant,)*
            Other,
        }

        const KINDS: &[(Kind, &str)] = &[$((Kind::$variant, $name)),*];

        /// Puts a value into the model.
        fn header(kind: Kind, name: &str, value: String) -> Header {
            match kind {
                $(Kind::$variant => Header::$variant(value.into()),)*
                Kind::Other => Header::Other(name.to_owned(), value),
            }
        }

        impl Field {
            /// Returns the name for the wire.
            pub(super) fn name(&self) -> &str {
                match &self.header {
                    $(Header::$variant(_) => $name,)*
                    Header::Other(name, _) => name,
                }
            }

            /// Returns the value as text.
            pub(super) fn value(&self) -> &str {
                match &self.header {
                    $(Header::$variant(inner) => inner.value(),)*
                    Header::Other(_, value) => value,
                }
            }
        }
    };
}

fields! {
    Accept "Accept"
    AcceptEncoding "Accept-Encoding"
    AcceptLanguage "Accept-Language"
    AlertInfo "Alert-Info"
    Allow "Allow"
    AuthenticationInfo "Authentication-Info"
    Authorization "Authorization"
    CSeq "CSeq"
    CallId "Call-ID"
    CallInfo "Call-Info"
    Contact "Contact"
    ContentDisposition "Content-Disposition"
    ContentEncoding "Content-Encoding"
    ContentLanguage "Content-Language"
    ContentLength "Content-Length"
    ContentType "Content-Type"
    Date "Date"
    ErrorInfo "Error-Info"
    Event "Event"
    Expires "Expires"
    From "From"
    InReplyTo "In-Reply-To"
    MaxForwards "Max-Forwards"
    MimeVersion "MIME-Version"
    MinExpires "Min-Expires"
    Organization "Organization"
    Priority "Priority"
    ProxyAuthenticate "Proxy-Authenticate"
    ProxyAuthorization "Proxy-Authorization"
    ProxyRequire "Proxy-Require"
    RecordRoute "Record-Route"
    ReplyTo "Reply-To"
    Require "Require"
    RetryAfter "Retry-After"
    Route "Route"
    Server "Server"
    Subject "Subject"
    SubscriptionState "Subscription-State"
    Supported "Supported"
    Timestamp "Timestamp"
    To "To"
    Unsupported "Unsupported"
    UserAgent "User-Agent"
    Via "Via"
    Warning "Warning"
    WwwAuthenticate "WWW-Authenticate"
}
