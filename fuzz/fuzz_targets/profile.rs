//! Reads any bytes as a SIP profile.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| attendant::fuzzing::profile(data));
