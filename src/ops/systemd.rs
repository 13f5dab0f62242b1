//! What we tell systemd (sd_notify(3)). Without systemd nothing happens: a notification that
//! cannot be sent is logged and forgotten.

use std::time::Duration;

use sd_notify::NotifyState;

/// The process is up, or has finished a reload.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The configuration is being read again. Follow it with [`ready`], whatever comes of it.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// The process is stopping.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Says in a line what goes on: `systemctl status` shows it.
pub fn status(line: &str) {
    // The protocol ends a value at the end of a line.
    tell(&[NotifyState::Status(&line.replace('\n', " "))]);
}

/// The process is alive. Send it only when the media threads and the SIP loop have moved.
pub fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// Returns how often [`alive`] should be sent: half of `WatchdogSec=`, where that is set.
pub fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|limit| limit / 2)
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "systemd could not be told.");
    }
}
