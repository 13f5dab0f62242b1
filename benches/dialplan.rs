//! Budget: 50 µs to find a call's route among 200, behind a list of 10,000 numbers.
//!
//! The call takes the last route, so that every condition before it is asked. The words for why are
//! made only when somebody reads them; they are measured apart.

use std::fmt::Write;

use attendant::base::Phi;
use attendant::config::{read_plan, read_profile};
use attendant::dialplan::{Dialled, Plan};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

const ROUTES: usize = 200;

fn plan() -> Plan {
    let list: String = (0..10_000).map(|n| format!("+1800555{n:04},a robot\n")).collect();
    let mut text =
        "timezone = \"America/Chicago\"\n[hours.clinic]\nopen = \"mon-fri 08:00-17:00\"\n\
        except = \"us\"\n[holidays.us]\ndates = [\"01-01\", \"4th thu nov\", \"12-25\"]\n\
        [callers.blocked]\nfile = \"lists/list.csv\"\nnumbers = \"_+1888XXXXXXX\"\n\
        [[route]]\nname = \"blocked\"\ncaller = [\"blocked\", \"anonymous\"]\nreject = 603\n"
            .to_owned();
    for n in 1..ROUTES {
        let condition = match n % 4 {
            0 => format!("called = \"+1312666{n:04}\""),
            1 => format!("called = \"_81{:02}X\"", n % 100),
            2 => format!("header = {{ X-Line = \"line-{n}\" }}"),
            _ => format!("called = \"~82{:02}[0-9]+\"\nwhen = \"not clinic\"", n % 100),
        };
        // Of routes that ask for a caller each, none hides another; those that ask for a header
        // look at all thirty.
        let caller =
            if n % 4 == 2 { String::new() } else { format!("caller = \"+1847555{n:04}\"\n") };
        writeln!(text, "[[route]]\nname = \"r{n}\"\nagent = \"reception\"\n{caller}{condition}")
            .expect("a String takes all that is written");
    }
    text.push_str("[[route]]\nname = \"last\"\nagent = \"reception\"\n");
    read_plan(&text, &list).unwrap_or_else(|errors| panic!("{errors}"))
}

fn call() -> Dialled {
    Dialled {
        called: Phi::new("8299".to_owned()),
        caller: Some(Phi::new("+13125550142".to_owned())),
        withheld: false,
        at: "2026-07-06 10:00".parse().expect("it is a time"),
        headers: (0..30).map(|n| (format!("X-Header-{n}"), Phi::new("value".to_owned()))).collect(),
    }
}

/// The decision alone: what a live call waits for.
#[divan::bench]
fn route(bencher: Bencher<'_, '_>) {
    let (plan, call) = (plan(), call());
    assert_eq!(plan.find(&call).map(|route| route.name.as_str()), Some("last"));
    bencher.bench(|| black_box(&plan).route(black_box(&call)).is_some());
}

/// A reason for each of the 200 routes, for a log at `debug` or a dry run.
#[divan::bench]
fn why(bencher: Bencher<'_, '_>) {
    let (plan, call) = (plan(), call());
    bencher.bench(|| black_box(&plan).why(black_box(&call)).len());
}

/// Reading the plan and its list, all checks included: once a reload. Budget: 1 s.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn read() -> usize {
    plan().routes.len()
}

/// Reading a SIP profile. Budget: 10 ms.
#[divan::bench(sample_count = 20)]
fn read_one_profile() -> bool {
    let text = "preset = \"generic\"\ndialplan = \"p\"\n[peer]\nhost = \"10.0.0.5\"\n\
        [transfer]\nallow = [\"_6XXX\", \"_+1312555XXXX\", \"_9[0-8]XX\"]\n";
    read_profile(text, "/nowhere".as_ref()).is_ok()
}
