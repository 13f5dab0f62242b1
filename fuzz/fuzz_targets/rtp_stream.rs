//! Feeds the jitter buffer packets with any headers.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| attendant::fuzzing::rtp_stream(data));
