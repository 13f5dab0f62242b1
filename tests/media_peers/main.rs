//! The media plane against real peers.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

mod calls;
mod capture;
mod changes;
mod compare;
mod desk;
mod echo;
mod faults;
#[path = "../gateway_stage/mod.rs"]
mod gateway_stage;
#[path = "../interop/mod.rs"]
mod interop;
mod limits;
#[path = "../machine/mod.rs"]
mod machine;
mod packets;
mod post;
mod reports;
mod sound;

/// Calls are made beside each other. Arithmetic is done by itself: it would hold up the peers, which have no priority.
static LINE: RwLock<()> = RwLock::new(());

/// While calls go on.
fn calling() -> RwLockReadGuard<'static, ()> {
    LINE.read().unwrap_or_else(PoisonError::into_inner)
}

/// While sound is made and compared.
fn alone() -> RwLockWriteGuard<'static, ()> {
    LINE.write().unwrap_or_else(PoisonError::into_inner)
}
