//! Reads any bytes as SDP, and answers them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| attendant::fuzzing::sdp(data));
