//! Calls that come by a proxy which stays in their path: Kamailio in front of the user agent, SIPp in
//! front of Kamailio. Everything inside a call has to go along the route set, both ways.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod interop;
mod scenario_actor;
mod sip_wire;
mod timeline;

use interop::kamailio::Kamailio;
use interop::scenario::{self, Scenario};
use scenario_actor::Actor;

/// A call, changes to it, its end from either side, and a transfer with its NOTIFYs.
const THROUGH: [&str; 9] = [
    "hang-up",
    "bye-waits-for-ack",
    "crossing-byes",
    "late-bye-and-notify",
    "refused-busy",
    "inbound-refer-refused",
    "refer-answered",
    "refer-busy",
    "refer-challenged",
];

fn play_through(proxy: &Kamailio, scenario: &Scenario) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let actor = runtime.block_on(Actor::start(scenario));
    let player = scenario.start_by("127.0.0.1", Some(actor.address()), Some(proxy.address));
    let played = player.finish();
    let expected = scenario.get("tells").unwrap();
    let fits = |told: &str| expected.split('|').any(|it| it == told);
    let told = runtime.block_on(actor.told(fits));
    match played.ok && fits(&told) {
        true => Ok(()),
        false => Err(format!("it told {told:?}, not {expected:?}; SIPp: {}", played.report)),
    }
}

fn play_all_through(transport: &str) {
    interop::require("sipp", "sip-tester");
    let proxy = Kamailio::proxy(transport);
    let scenarios: Vec<_> =
        scenario::all().into_iter().filter(|it| THROUGH.contains(&it.name.as_str())).collect();
    assert_eq!(scenarios.len(), THROUGH.len());
    // From TCP to UDP it does not keep the order of an answer and a request that follows at once.
    let ordered = transport == "udp";
    let scenarios = scenarios.into_iter().filter(|it| ordered || !it.name.starts_with("refer-"));
    let scenarios: Vec<_> =
        scenarios.filter(|it| ordered || !it.name.starts_with("late-")).collect();
    let failures: Vec<_> = std::thread::scope(|scope| {
        let plays = scenarios.iter().map(|scenario| {
            let play = scope.spawn(|| play_through(&proxy, scenario));
            (&scenario.name, play)
        });
        let plays: Vec<_> = plays.collect();
        let ended = plays.into_iter().map(|(name, play)| (name, play.join().unwrap()));
        ended.filter_map(|(name, it)| Some(format!("=== {name}: {}", it.err()?))).collect()
    });
    assert!(failures.is_empty(), "{}\nKamailio: {}", failures.join("\n"), proxy.log());
}

#[test]
fn calls_go_by_a_record_routing_proxy() {
    play_all_through("udp");
}

#[test]
fn calls_go_by_a_record_routing_proxy_that_speaks_tcp_to_us() {
    play_all_through("tcp");
}
