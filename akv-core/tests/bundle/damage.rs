//! Wrong passwords and damaged files: a specific error, never a panic, never the password.

use akv_core::Password;
use akv_core::bundle::{Bundle, BundleError};

use crate::fixtures::{self, NOW};

/// No file contains this text, so it can only come from the password.
const WRONG: &str = "zw-Qq9-not-this-one";

#[test]
fn a_wrong_password_is_reported() {
    for fixture in fixtures::good() {
        // Without encryption and integrity check, no password can be wrong.
        let unprotected = fixture.file == "ossl-emptypw-plain-nomac.pfx";
        let result = Bundle::from_pfx(&fixture.bytes, &Password::from(WRONG), NOW);
        match result {
            Ok(_) => assert!(unprotected, "{}", fixture.file),
            Err(error) => assert_eq!(error, BundleError::WrongPassword, "{}", fixture.file),
        }
    }
}

#[test]
fn a_missing_password_is_reported() {
    for fixture in fixtures::good().filter(|fixture| !fixture.password.is_empty()) {
        let error = Bundle::from_pfx(&fixture.bytes, &Password::default(), NOW).unwrap_err();
        assert_eq!(error, BundleError::PasswordMissing, "{}", fixture.file);
    }
}

#[test]
fn no_error_carries_the_password() {
    for fixture in fixtures::all() {
        for password in [WRONG, fixture.password.expose()] {
            for length in [fixture.bytes.len(), fixture.bytes.len() / 2] {
                let result =
                    Bundle::from_pfx(&fixture.bytes[..length], &Password::from(password), NOW);
                let Err(error) = result else { continue };
                let shown = format!("{error} {error:?}");
                assert!(password.is_empty() || !shown.contains(password), "{shown}");
            }
        }
    }
}

#[test]
fn a_file_cut_off_anywhere_is_reported() {
    for fixture in fixtures::good() {
        let lengths = (1..fixture.bytes.len()).step_by(47).chain([fixture.bytes.len() - 1]);
        for length in lengths {
            let cut = &fixture.bytes[..length];
            let error = Bundle::from_pfx(cut, &fixture.password, NOW).unwrap_err();
            assert_eq!(error, BundleError::Truncated { found: length }, "{}", fixture.file);
        }
    }
}

/// OpenSSL ignores trailing data too: some tools append a line break.
#[test]
fn content_after_the_file_is_skipped() {
    for file in ["ossl-modern-rsa2048.pfx", "bc-ks-default-P-256.pfx"] {
        let fixture = fixtures::named(file);
        let longer = [&fixture.bytes[..], b"\r\n"].concat();
        assert!(Bundle::from_pfx(&longer, &fixture.password, NOW).is_ok(), "{file}");
    }
}

#[test]
fn a_changed_octet_is_noticed_by_the_integrity_check() {
    let fixture = fixtures::named("ossl-modern-P-256.pfx");
    let mut changed = fixture.bytes.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    let error = Bundle::from_pfx(&changed, &fixture.password, NOW).unwrap_err();
    assert_eq!(error, BundleError::WrongPassword);
}
