//! Reads any bytes as a digest challenge.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| attendant::fuzzing::digest(data));
