//! Reads any bytes as a `message/sipfrag`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| attendant::fuzzing::sipfrag(data));
