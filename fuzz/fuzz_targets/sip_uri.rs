//! Reads any bytes as a URI.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| attendant::fuzzing::sip_uri(data));
