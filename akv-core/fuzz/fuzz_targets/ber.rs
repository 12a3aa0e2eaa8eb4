//! Any bytes as BER: no panic, and normalizing a second time changes nothing.
#![no_main]

use akv_core::bundle::ber::to_der;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(der) = to_der("the input", bytes) {
        let again = to_der("the output", &der).expect("DER is BER");
        assert_eq!(*again, *der);
    }
});
