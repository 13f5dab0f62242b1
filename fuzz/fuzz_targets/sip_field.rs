//! Reads any bytes as the value of one SIP header field.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| attendant::fuzzing::sip_field(data));
