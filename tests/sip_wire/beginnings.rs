//! How calls begin, for stories whose beginning is not the point.

macro_rules! incoming {
    () => {
        "
        0ms < INVITE +sdp
        0ms > 100 INVITE
        0ms > Incoming 100 by pbx +sdp
        "
    };
}

macro_rules! accepted {
    () => {
        concat!(
            incoming!(),
            "
        0ms < do accept
        0ms > 200 INVITE +sdp
        "
        )
    };
}

/// A call of theirs has come. This and the next ones begin stories whose beginning is not the point: they
/// are told and compared as if they stood there.
pub const INCOMING: &str = incoming!();
/// It rings.
pub const RINGING: &str = concat!(
    incoming!(),
    "
        0ms < do ring
        0ms > 180 INVITE
    "
);
/// We have taken it, and they have not acknowledged that.
pub const ACCEPTED: &str = accepted!();
/// Their call is up.
pub const TAKEN: &str = concat!(
    accepted!(),
    "
        100ms < ACK
        100ms > Established
    "
);
/// Our call is up.
pub const OUR_CALL: &str = "
        0ms < do call
        0ms > INVITE +sdp
        100ms < 200 INVITE +sdp
        100ms > ACK
        100ms > Answered +sdp
";

/// [`TAKEN`] with more headers on their INVITE: ` | Contact: <sip:a@10.0.0.7>`.
pub fn taken_with(headers: &str) -> String {
    TAKEN.replacen("INVITE +sdp", &format!("INVITE +sdp{headers}"), 1)
}
