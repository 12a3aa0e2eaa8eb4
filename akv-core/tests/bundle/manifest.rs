//! Every file behaves as in its manifest.

use akv_core::bundle::{Bundle, BundleError, FindingCode, KeyMatch, Severity, pfx};

use crate::fixtures::{self, NOW};

#[test]
fn every_valid_file_becomes_the_bundle_of_the_manifest() {
    for fixture in fixtures::good() {
        let bundle = Bundle::from_pfx(&fixture.bytes, &fixture.password, NOW)
            .unwrap_or_else(|error| panic!("{}: {error}", fixture.file));
        assert_eq!(bundle.key_kind().to_string(), fixture.key, "{}", fixture.file);
        assert_eq!(Some(bundle.chain().len() + 1), fixture.chain_length, "{}", fixture.file);
        assert_eq!(bundle.leaf().key_kind(), bundle.key_kind(), "{}", fixture.file);
        let mut below = bundle.leaf();
        for issuer in bundle.chain() {
            assert_eq!(below.issuer(), issuer.subject(), "{}", fixture.file);
            below = issuer;
        }
        let findings = bundle.findings(NOW);
        assert!(
            findings.iter().all(|finding| finding.severity < Severity::Error
                && finding.code != FindingCode::UnrelatedCertificate
                && finding.code != FindingCode::SignatureNotChecked),
            "{}: {findings:?}",
            fixture.file
        );
    }
}

#[test]
fn every_bad_file_fails_with_its_own_cause() {
    let expected = |file: &str| match file {
        "hostile-deepnest-der.pfx" => BundleError::TooDeep { limit: 24 },
        "hostile-empty.pfx" => BundleError::NotABundle { looks: "is empty" },
        "hostile-garbage.pfx" => BundleError::NotABundle { looks: "starts like neither of them" },
        "hostile-mac-100M.pfx" | "hostile-pbkdf2-100M-nomac.pfx" => {
            BundleError::TooCostly { claimed: 100_000_000, limit: 1_000_000 }
        }
        "hostile-trunc.pfx" => BundleError::Truncated { found: 1742 },
        "ossl-certonly.pfx" => BundleError::NoKey { certificates: 3 },
        "ossl-keyonly.pfx" => {
            BundleError::NoCertificate { key: akv_core::bundle::KeyKind::Rsa { bits: 2048 } }
        }
        other => panic!("{other} is not expected to fail"),
    };
    for fixture in fixtures::all().into_iter().filter(|fixture| !fixture.opens) {
        let error = Bundle::from_pfx(&fixture.bytes, &fixture.password, NOW).unwrap_err();
        assert_eq!(error, expected(&fixture.file), "{}", fixture.file);
    }
}

#[test]
fn written_file_reads_back_as_the_same_key_and_chain() {
    for fixture in fixtures::good() {
        let original = pfx::read(&fixture.bytes, &fixture.password).unwrap();
        let bundle = Bundle::from_pfx(&fixture.bytes, &fixture.password, NOW).unwrap();
        let written = pfx::read(&bundle.to_pkcs12(), &"".into()).unwrap();
        assert_eq!(written.keys.len(), 1, "{}", fixture.file);
        assert_eq!(written.keys[0].pkcs8(), original.keys[0].pkcs8(), "{}", fixture.file);
        assert_eq!(written.keys[0].fits(bundle.leaf()), KeyMatch::Match, "{}", fixture.file);
        let chain = [std::slice::from_ref(bundle.leaf()), bundle.chain()].concat();
        assert_eq!(written.certificates, chain, "{}", fixture.file);
        assert_eq!(written.unreadable, []);
    }
}

/// The manifest lists the BER files, which a DER parser alone cannot read.
#[test]
fn the_files_of_bouncycastle_are_ber_with_indefinite_lengths() {
    for fixture in fixtures::good() {
        let indefinite = fixture.bytes.starts_with(&[0x30, 0x80]);
        assert_eq!(indefinite, fixture.encoding == "BER", "{}", fixture.file);
    }
}

#[test]
fn a_certificate_alone_is_a_file_without_a_key() {
    let fixture = fixtures::named("ossl-modern-rsa2048.pfx");
    let bundle = Bundle::from_pfx(&fixture.bytes, &fixture.password, NOW).unwrap();
    let error = Bundle::from_pfx(bundle.leaf().der(), &fixture.password, NOW).unwrap_err();
    assert_eq!(error, BundleError::NoKey { certificates: 1 });
    assert!(error.to_string().contains("no private key"), "{error}");
}
