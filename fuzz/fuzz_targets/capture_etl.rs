#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| ehlotrace_fuzz::capture_etl(octets));
