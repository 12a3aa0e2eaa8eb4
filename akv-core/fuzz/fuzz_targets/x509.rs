//! Any bytes as a certificate: no panic, its bytes are a prefix of the input, and its label is
//! printable.
#![no_main]

use akv_core::bundle::X509;
use akv_core::text::is_unprintable;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(certificate) = X509::from_der(bytes) else { return };
    assert!(bytes.starts_with(certificate.der()));
    assert!(!certificate.label().contains(is_unprintable));
    let again = X509::from_der(certificate.der()).expect("what was read can be read again");
    assert_eq!(again.unknown_fields(), certificate.unknown_fields());
    certificate.subject();
    certificate.issuer();
    certificate.common_name();
    certificate.alternative_names();
    certificate.serial_number();
    certificate.key_usages();
    certificate.extended_key_usages();
    certificate.signature_algorithm_name();
    certificate.is_self_signed();
});
