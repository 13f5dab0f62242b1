//! Reads any bytes as SIP messages.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| attendant::fuzzing::sip_message(data));
