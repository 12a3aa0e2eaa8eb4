//! Any bytes as PEM text: no panic.
#![no_main]

use akv_core::Password;
use akv_core::bundle::Bundle;
use time::OffsetDateTime;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let _ = Bundle::from_pem(text, &Password::from("Pässw0rd!"), OffsetDateTime::UNIX_EPOCH);
});
