//! Cuts any bytes into the messages of a stream.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| attendant::fuzzing::sip_frame(data));
