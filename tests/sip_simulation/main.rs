//! User agents over bad networks and among bad company, two thousand times: loss, copies, delay,
//! overtaking, connections that break, a forking proxy, strangers who forge, a peer without manners,
//! and impatient users, all from a seed. A failure prints its seed and the story of that world.
#![allow(clippy::unwrap_used, reason = "tests")]

mod judge;
mod proxy;
mod rogue;
#[path = "../sip_wire/mod.rs"]
mod sip_wire;
#[path = "../timeline/mod.rs"]
mod timeline;
mod world;

use world::World;

/// How many worlds there are; `SIMULATED_SEEDS=100000` for a long night.
const SEEDS: u64 = 2000;

fn seeds() -> u64 {
    std::env::var("SIMULATED_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(SEEDS)
}

#[test]
fn whatever_the_network_and_the_peers_do_nothing_is_wrong_and_nothing_is_left() {
    let seeds = seeds();
    // One seed alone: `SIMULATED_SEED=17`.
    if let Some(seed) = std::env::var("SIMULATED_SEED").ok().and_then(|seed| seed.parse().ok()) {
        println!("{}", World::run(seed).story);
        return;
    }
    let up = (0..seeds).filter(|seed| World::run(*seed).was_up()).count() as u64;
    // Otherwise this would be a test of how calls fail.
    assert!(up * 2 > seeds, "{up} of {seeds} worlds had a call that was up");
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in 0..20 {
        let (one, two) = (World::run(seed), World::run(seed));
        assert_eq!(one.story, two.story);
    }
    assert_ne!(World::run(1).story, World::run(2).story);
}
