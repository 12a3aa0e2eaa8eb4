//! Any bytes as a PKCS#12 file: no panic, and a resulting bundle can be read again.
#![no_main]

use akv_core::Password;
use akv_core::bundle::Bundle;
use time::OffsetDateTime;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The passwords of the fixtures, so that the corpus opens.
    for password in ["", "Pässw0rd!"] {
        if let Ok(bundle) = Bundle::from_pfx(bytes, &Password::from(password), OffsetDateTime::UNIX_EPOCH) {
            let again = Bundle::from_pfx(&bundle.to_pkcs12(), &Password::default(), OffsetDateTime::UNIX_EPOCH);
            let again = again.expect("what was written can be read");
            assert_eq!(again.thumbprint(), bundle.thumbprint());
            assert_eq!(again.chain(), bundle.chain());
        }
    }
});
