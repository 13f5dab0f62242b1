//! Budget: 8 µs to read a typical INVITE and the fields that every INVITE is asked for, and less than
//! `rsip`'s own parser and typed fields take in the same run.
//!
//! The two take turns, and of each the fastest round counts: what else the machine does makes a round
//! slower, never faster. Allocations are counted, and the same in every run.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::time::Instant;

use attendant::sip::message::{Message, Request};
use rsip::prelude::{HeadersExt, ToTypedHeader, UntypedHeader};

const BUDGET_NS: f64 = 8000.0;
const ROUNDS: usize = 200;
const CALLS: u32 = 500;

/// As a PBX sends it: fifteen fields and a description.
const INVITE: &str = "INVITE sip:attendant@10.0.0.5:5060 SIP/2.0\r\n\
Via: SIP/2.0/UDP 10.0.0.2:5060;rport;branch=z9hG4bKPj4bcf0d3e-5a3f-4be0-9b54-1f5be9b6f0a1\r\n\
From: \"Jane Roe\" <sip:5550123@10.0.0.2>;tag=7a1cf1b4-9a1e-4c53-8c4c-5c9a1ddc2a2b\r\n\
To: <sip:attendant@10.0.0.5>\r\n\
Contact: <sip:asterisk@10.0.0.2:5060>\r\n\
Call-ID: 0b6f1c1a-2f9c-4d7b-a6e8-4dc4b1b0c6c1\r\n\
CSeq: 21763 INVITE\r\n\
Allow: OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, INFO, MESSAGE, REFER\r\n\
Supported: 100rel, timer, replaces, norefersub, histinfo\r\n\
Session-Expires: 1800\r\n\
Min-SE: 90\r\n\
P-Asserted-Identity: \"Jane Roe\" <sip:5550123@10.0.0.2>\r\n\
Max-Forwards: 70\r\n\
User-Agent: Asterisk PBX 20.5.0\r\n\
Content-Type: application/sdp\r\n\
Content-Length: 237\r\n\r\n\
v=0\r\no=- 1411 1411 IN IP4 10.0.0.2\r\ns=Asterisk\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\n\
m=audio 14022 RTP/AVP 0 8 9 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
a=rtpmap:9 G722/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=sendrecv\r\n";

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

#[allow(unsafe_code, reason = "an allocator cannot be counted without one")]
// SAFETY: every call goes to the system's allocator as it came; counting touches no memory of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

fn request(bytes: &[u8]) -> Request {
    match Message::parse(black_box(bytes)) {
        Ok(Message::Request(request)) => request,
        other => panic!("no request: {other:?}"),
    }
}

fn parse_alone(bytes: &[u8]) {
    black_box(request(bytes));
}

fn with_fields(bytes: &[u8]) {
    let request = request(bytes);
    let fields = &request.headers;
    black_box((fields.top_via(), fields.from(), fields.to(), fields.cseq(), fields.contacts()));
    black_box((fields.call_id(), fields.max_forwards(), &request.uri, &request.body));
}

fn rsip_with_fields(bytes: &[u8]) {
    let request = rsip::Request::try_from(black_box(bytes)).expect("rsip reads it");
    let typed = "rsip reads its fields";
    black_box((
        request.via_header().expect(typed).typed().expect(typed),
        request.from_header().expect(typed).typed().expect(typed),
        request.to_header().expect(typed).typed().expect(typed),
        request.cseq_header().expect(typed).typed().expect(typed),
        request.contact_header().expect(typed).typed().expect(typed),
    ));
    let forwards = request.max_forwards_header().expect(typed).num().expect(typed);
    black_box((
        request.call_id_header().expect(typed).value(),
        forwards,
        &request.uri,
        &request.body,
    ));
}

/// What one reader takes.
struct Cost {
    name: &'static str,
    read: fn(&[u8]),
    nanoseconds: f64,
    allocations: usize,
}

fn main() {
    let bytes = INVITE.as_bytes();
    assert!(
        INVITE.ends_with(&format!("\r\n\r\n{}", String::from_utf8_lossy(&request(bytes).body)))
    );
    let new = |name, read| Cost { name, read, nanoseconds: f64::MAX, allocations: 0 };
    let mut costs = [
        new("parse alone", parse_alone as fn(&[u8])),
        new("parse and mandatory fields", with_fields),
        new("rsip: parse and typed fields", rsip_with_fields),
    ];
    for cost in &mut costs {
        (cost.read)(bytes);
        let before = ALLOCATIONS.get();
        (cost.read)(bytes);
        cost.allocations = ALLOCATIONS.get() - before;
    }
    for _ in 0..ROUNDS {
        for cost in &mut costs {
            let start = Instant::now();
            for _ in 0..CALLS {
                (cost.read)(bytes);
            }
            let each = start.elapsed().as_nanos() as f64 / f64::from(CALLS);
            cost.nanoseconds = cost.nanoseconds.min(each);
        }
    }
    for Cost { name, nanoseconds, allocations, .. } in &costs {
        println!("{name:<30} {nanoseconds:>6.0} ns {allocations:>4} allocations");
    }
    let (ours, theirs) = (costs[1].nanoseconds, costs[2].nanoseconds);
    println!("ours / rsip {:.2}; budget {BUDGET_NS:.0} ns", ours / theirs);
    if ours > BUDGET_NS || ours > theirs {
        eprintln!("over budget");
        std::process::exit(1);
    }
}
