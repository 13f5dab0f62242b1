//! Reads any bytes as a dialplan, and routes calls by it.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| attendant::fuzzing::dialplan(data));
