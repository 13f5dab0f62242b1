//! Reading costs in proportion to what came: counted in bytes allocated, not in time.

use std::cell::Cell;

use attendant::sip::message::{MAX_FIELDS, MAX_MESSAGE, MAX_VALUE, Message};

use crate::counting::Counting;
use crate::{INVITE, spoilt, wire};

thread_local! {
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
}

#[global_allocator]
static COUNTING: Counting = Counting(|bytes| ALLOCATED.set(ALLOCATED.get() + bytes));

/// Returns the bytes that reading the message allocates, and those that its views do.
fn allocated(bytes: &[u8]) -> usize {
    let before = ALLOCATED.get();
    if let Ok(Message::Request(request)) = &Message::parse(bytes) {
        attendant::fuzzing::look_at_everything(&request.headers);
    }
    ALLOCATED.get() - before
}

/// Twice the input may cost twice as much and a little more, and never four times.
#[test]
fn no_input_is_paid_for_quadratically() {
    let field =
        |name: &str, value: String| spoilt("Contact:", &format!("{name}: {value}\nContact:"));
    let list = |count: usize| vec!["<sip:a@b;p=1>"; count].join(",");
    type Maker<'a> = (&'a str, &'a dyn Fn(usize) -> Vec<u8>);
    let makers: [Maker<'_>; 8] = [
        ("fields", &|n| spoilt("Contact:", &format!("{}Contact:", "X: y\n".repeat(n / 16)))),
        ("Contact list", &|n| field("Contact", list(n / 16))),
        ("Via list", &|n| field("Via", vec!["SIP/2.0/UDP a"; n / 16].join(","))),
        ("quotes", &|n| field("Contact", format!("{}<sip:a@b>", "\"\"".repeat(n / 4)))),
        ("an open quote", &|n| field("Contact", "\"".repeat(n))),
        ("semicolons", &|n| field("Contact", format!("<sip:a@b>{}", ";".repeat(n)))),
        ("tokens", &|n| field("Supported", "a,".repeat(n / 2))),
        ("folds", &|n| field("Subject", "a\n ".repeat(n))),
    ];
    for (name, make) in makers {
        let costs: Vec<usize> = [1024, 2048, 4096].map(|n| allocated(&make(n))).to_vec();
        assert!(costs[2] <= costs[1] * 5 / 2 && costs[1] <= costs[0] * 5 / 2, "{name}: {costs:?}");
    }
}

/// The worst that fits the limits costs some two hundred bytes for each one sent.
#[test]
fn the_worst_message_is_bounded() {
    let worst = INVITE.replace(
        "Contact:",
        &format!("{}Contact:", format!("Contact: {}\n", vec!["<sip:a>"; 100].join(",")).repeat(70)),
    );
    let bytes = wire(&worst);
    assert!(bytes.len() < MAX_MESSAGE && bytes.len() > MAX_MESSAGE * 8 / 10, "{}", bytes.len());
    let cost = allocated(&bytes);
    assert!(cost < 200 * MAX_MESSAGE, "{cost}");
    const { assert!(MAX_FIELDS * MAX_VALUE > MAX_MESSAGE) };
}
