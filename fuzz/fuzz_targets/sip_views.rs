//! Reads any bytes as the name and value of one SIP header field, by every view.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| attendant::fuzzing::sip_views(data));
