//! Every scenario file of `tests/scenarios`, played by SIPp against a whole gateway without speech, or
//! against the user agent on its socket with a few rules above it.
//!
//! A new scenario is one new file: its first comment sets the stage and says what must come of it.
//! `SCENARIO=hold` plays only those whose name contains the word.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod gateway_stage;
mod interop;
mod scenario_actor;
mod sip_wire;
mod timeline;

use std::sync::Mutex;
use std::time::Duration;

use gateway_stage::quiet::Quiet;
use gateway_stage::{Folder, NODE, PROFILE, wait_until};
use interop::scenario::{self, Scenario};
use scenario_actor::Actor;

/// SIPps at a time: they wait more than they work.
const AT_ONCE: usize = 24;
/// How long the gateway may take to close its books on a call.
const PATIENCE: Duration = Duration::from_secs(20);
/// What SIPp says when it could not begin.
const PORT_TAKEN: &str = "Unable to bind main socket";

fn scenarios(stage: &str) -> Vec<Scenario> {
    interop::require("sipp", "sip-tester");
    let wanted = std::env::var("SCENARIO").unwrap_or_default();
    let all = scenario::all().into_iter();
    all.filter(|it| it.is_for(stage) && it.name.contains(&wanted)).collect()
}

/// Plays them all, several at a time, and fails with everything that went wrong.
fn play(scenarios: &[Scenario], play: impl Fn(usize, &Scenario) -> Result<(), String> + Sync) {
    let (next, failures) = (Mutex::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let index = {
                        let mut next = next.lock().unwrap();
                        *next += 1;
                        *next - 1
                    };
                    let Some(scenario) = scenarios.get(index) else { return };
                    let mut result = play(index, scenario);
                    // SIPp is given a port that was free a moment ago; another test may have been quicker.
                    for _ in 0..3 {
                        if matches!(&result, Err(why) if why.contains(PORT_TAKEN)) {
                            result = play(index, scenario);
                        }
                    }
                    if let Err(why) = result {
                        failures.lock().unwrap().push(format!("=== {}: {why}", scenario.name));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    let (all, failed) = (scenarios.len(), failures.len());
    println!("{} of {all} scenarios went as written", all - failed);
    assert!(failures.is_empty(), "{failed} of {all} failed\n{}", failures.join("\n"));
}

/// A PBX for each scenario, on an address of its own.
fn address_of(index: usize) -> String {
    format!("127.0.1.{}", index + 1)
}

fn write_profiles(folder: &Folder, scenarios: &[Scenario]) {
    std::fs::remove_file(folder.file(PROFILE)).unwrap();
    for (index, scenario) in scenarios.iter().enumerate() {
        let address = address_of(index);
        let more: Vec<_> = scenario.all("profile").collect();
        let text = format!(
            "preset = \"generic\"\ndialplan = \"front-desk\"\n\n[peer]\nhost = \"{address}:9\"\n\
             allow = [\"{address}/32\"]\nping = \"off\"\n\n[transfer]\nallow = [\"_1XX\"]\n\n{}\n",
            more.join("\n")
        );
        folder.write(format!("sip-profiles/{}.toml", scenario.name), &text);
        for login in scenario.all("credential") {
            let (user, secret) = login.split_once(' ').expect("`credential: user secret`");
            folder.write(format!("credentials/{user}"), secret);
        }
    }
}

#[test]
fn sipp_plays_every_scenario_of_a_pbx_against_the_gateway() {
    let scenarios = scenarios("gateway");
    let folder = Folder::new();
    write_profiles(&folder, &scenarios);
    folder.append(NODE, "[limits]\ncalls = 200\n");
    let gateway = Quiet::start(&folder);
    play(&scenarios, |index, scenario| {
        let target = scenario.get("role").is_none().then_some(folder.sip);
        let played = scenario.start(&address_of(index), target).finish();
        // One reason a call, in order; several readings are set apart by a bar.
        let expected = scenario.get("ends").unwrap_or_default();
        let fits = |ends: &[String]| expected.split('|').any(|it| it == ends.join(", "));
        wait_until(PATIENCE, || fits(&gateway.ends(&scenario.name)));
        let ends = gateway.ends(&scenario.name);
        match played.ok && fits(&ends) {
            true => Ok(()),
            false => {
                Err(format!("it ended with {ends:?}, not {expected:?}; SIPp: {}", played.report))
            }
        }
    });
    assert!(gateway.is_empty_within(PATIENCE), "{} calls are left", gateway.calls());
}

#[test]
fn sipp_plays_every_scenario_of_a_peer_against_the_user_agent() {
    play_on_the_user_agent(&scenarios("user-agent"));
}

#[test]
fn sipp_plays_every_scenario_of_a_peer_over_tcp() {
    let scenarios = scenarios("user-agent").into_iter();
    // Some are about what is repeated, or look at what UDP alone repeats.
    let scenarios = scenarios.filter(|it| it.get("over") != Some("udp"));
    let scenarios: Vec<_> = scenarios.map(Scenario::by_tcp).collect();
    play_on_the_user_agent(&scenarios);
}

fn play_on_the_user_agent(scenarios: &[Scenario]) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    play(scenarios, |_, scenario| {
        let waits = scenario.get("role") == Some("uas");
        let actor = runtime.block_on(Actor::start(scenario));
        let player = scenario.start("127.0.0.1", (!waits).then_some(actor.address()));
        if waits {
            player.listens();
        }
        runtime.block_on(actor.begin(player.address));
        let played = player.finish();
        let expected = scenario.get("tells").unwrap_or_default();
        let told = runtime.block_on(actor.told(|told| expected.split('|').any(|it| it == told)));
        if !played.ok || !expected.split('|').any(|it| it == told) {
            return Err(format!("it told {told:?}, not {expected:?}; SIPp: {}", played.report));
        }
        let left = runtime.block_on(actor.left_behind());
        if left.is_empty() { Ok(()) } else { Err(format!("it has left behind {left:#?}")) }
    });
}
