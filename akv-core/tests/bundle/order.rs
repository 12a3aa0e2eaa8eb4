//! The chain does not depend on the order in the file, and unrelated certificates are left out.

use akv_core::bundle::{Bundle, BundleError, FindingCode, KeyKind, PrivateKey, X509, pfx};
use proptest::prelude::*;

use crate::fixtures::{self, NOW};
use crate::pki::Party;

fn codes(bundle: &Bundle) -> Vec<FindingCode> {
    bundle.findings(NOW).into_iter().map(|finding| finding.code).collect()
}

fn bundle(key: &Party, certificates: &[&X509]) -> Bundle {
    Bundle::from_parts(key.contents(certificates), NOW).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_order_makes_the_same_bundle(
        order in Just((0..7).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let fixture = fixtures::named("ossl-modern-depth3.pfx");
        let contents = pfx::read(&fixture.bytes, &fixture.password).unwrap();
        let expected = Bundle::from_pfx(&fixture.bytes, &fixture.password, NOW).unwrap();
        // An unrelated certificate and a duplicate, beside the five related ones.
        let unrelated = fixtures::named("keytool-modern.pfx");
        let unrelated = pfx::read(&unrelated.bytes, &unrelated.password).unwrap().certificates.remove(0);
        let mut all = contents.certificates.clone();
        prop_assert_eq!(all.len(), 5);
        all.push(unrelated);
        all.push(contents.certificates[2].clone());
        let shuffled = akv_core::bundle::Parts::new(
            vec![PrivateKey::from_pkcs8(contents.keys[0].pkcs8()).unwrap()],
            order.iter().map(|position| all[*position].clone()).collect(),
        );
        let bundle = Bundle::from_parts(shuffled, NOW).unwrap();
        prop_assert_eq!(bundle.leaf(), expected.leaf());
        prop_assert_eq!(bundle.chain(), expected.chain());
        prop_assert_eq!(bundle.to_pkcs12(), expected.to_pkcs12());
        let codes = codes(&bundle);
        prop_assert!(codes.contains(&FindingCode::UnrelatedCertificate));
        prop_assert!(codes.contains(&FindingCode::DuplicateLeftOut));
    }

    /// Two CAs that certify each other, an old and a new root, in any order.
    #[test]
    fn cross_signed_chains_are_the_same_in_any_order(
        order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        thread_local! {
            static PKI: (Party, Vec<X509>) = {
                let (old, new) = (Party::authority("Old Root"), Party::authority("New Root"));
                let (issuing, leaf) = (Party::authority("Issuing"), Party::leaf("web"));
                let certificates = vec![
                    leaf.signed_by(&issuing),
                    issuing.signed_by(&new),
                    new.self_signed(),
                    new.signed_by(&old),
                    old.signed_by(&new),
                    old.self_signed(),
                ];
                (leaf, certificates)
            };
        }
        PKI.with(|(leaf, certificates)| {
            let shuffled: Vec<_> = order.iter().map(|position| &certificates[*position]).collect();
            let bundle = bundle(leaf, &shuffled);
            // The shortest path: leaf, issuing CA, the root's own certificate.
            prop_assert_eq!(bundle.chain(), &certificates[1..3]);
            Ok(())
        })?;
    }
}

#[test]
fn cross_certified_cas_make_no_endless_chain() {
    let (one, two, leaf) = (Party::authority("One"), Party::authority("Two"), Party::leaf("web"));
    let certificates = [leaf.signed_by(&one), one.signed_by(&two), two.signed_by(&one)];
    let bundle = bundle(&leaf, &certificates.each_ref());
    assert_eq!(bundle.chain(), &certificates[1..]);
}

#[test]
fn the_name_of_the_issuer_is_not_enough() {
    let (real, impostor) = (Party::authority("Authority"), Party::authority("Authority"));
    let leaf = Party::leaf("web");
    let certificates = [impostor.self_signed(), leaf.signed_by(&real), real.self_signed()];
    let bundle = bundle(&leaf, &certificates.each_ref());
    assert_eq!(bundle.chain(), &certificates[2..]);
    assert!(codes(&bundle).contains(&FindingCode::UnrelatedCertificate));
}

#[test]
fn invalid_signature_ends_the_chain() {
    let (named, signer) = (Party::authority("Authority"), Party::authority("Someone else"));
    let leaf = Party::leaf("web");
    let certificates = [leaf.signed_in_the_name_of(&named, &signer), named.self_signed()];
    let bundle = bundle(&leaf, &certificates.each_ref());
    assert_eq!(bundle.chain(), []);
    let codes = codes(&bundle);
    assert!(codes.contains(&FindingCode::MissingIntermediate), "{codes:?}");
    assert!(codes.contains(&FindingCode::UnrelatedCertificate), "{codes:?}");
}

#[test]
fn gap_in_the_chain_is_reported_but_not_a_missing_root() {
    let (root, upper, lower) =
        (Party::authority("Root"), Party::authority("Upper"), Party::authority("Lower"));
    let leaf = Party::leaf("web");
    let (web, low, up) = (leaf.signed_by(&lower), lower.signed_by(&upper), upper.signed_by(&root));
    let own = root.self_signed();
    for (file, expected) in [
        (vec![&web, &low, &own], FindingCode::MissingIntermediate),
        (vec![&web, &up, &own], FindingCode::MissingIntermediate),
        (vec![&web, &low, &up], FindingCode::RootNotIncluded),
    ] {
        let codes = codes(&bundle(&leaf, &file));
        let reported = [FindingCode::MissingIntermediate, FindingCode::RootNotIncluded];
        let reported: Vec<_> = reported.into_iter().filter(|code| codes.contains(code)).collect();
        assert_eq!(reported, [expected]);
    }
}

/// Among renewals with the same key and a self-signed certificate, the newest issued one is the
/// leaf.
#[test]
fn newest_certificate_of_the_key_is_the_leaf() {
    let (root, leaf) = (Party::authority("Root"), Party::leaf("web"));
    let own = leaf.self_signed();
    let old = Party::valid(
        Party::with_key("web", duplicate(&leaf)),
        NOW - time::Duration::days(400),
        NOW,
    );
    let (old, new) = (old.signed_by(&root), leaf.signed_by(&root));
    for order in [[&own, &old, &new], [&new, &old, &own], [&old, &new, &own]] {
        assert_eq!(bundle(&leaf, &order).leaf(), &new);
    }
}

fn duplicate(party: &Party) -> rcgen::KeyPair {
    rcgen::KeyPair::try_from(party.private_key().pkcs8().to_vec()).unwrap()
}

#[test]
fn key_without_a_certificate_is_reported_with_subjects() {
    let (root, leaf, other) = (Party::authority("Root"), Party::leaf("web"), Party::leaf("other"));
    let error =
        Bundle::from_parts(other.contents(&[&leaf.signed_by(&root), &root.self_signed()]), NOW);
    match error.unwrap_err() {
        BundleError::KeyFitsNoCertificate { key, mut subjects } => {
            subjects.sort();
            assert_eq!(key, KeyKind::Ec(akv_core::bundle::Curve::P256));
            assert_eq!(subjects, ["CN=Root", "CN=web"]);
        }
        error => panic!("{error}"),
    }
}

#[test]
fn two_keys_are_one_too_many_but_the_same_key_twice_is_not() {
    let (root, leaf, other) = (Party::authority("Root"), Party::leaf("web"), Party::leaf("other"));
    let certificate = leaf.signed_by(&root);
    let mut contents = leaf.contents(&[&certificate]);
    contents.keys.push(leaf.private_key());
    assert!(Bundle::from_parts(contents, NOW).is_ok());
    let mut contents = leaf.contents(&[&certificate]);
    contents.keys.push(other.private_key());
    contents.keys.push(other.private_key());
    assert_eq!(
        Bundle::from_parts(contents, NOW).unwrap_err(),
        BundleError::SeveralKeys { found: 2 }
    );
}

/// The optional public key of an EC key may be missing, so it must be computed.
#[test]
fn an_ec_key_without_its_public_half_is_matched() {
    for file in [
        "ossl-modern-P-256.pfx",
        "ossl-modern-P-384.pfx",
        "ossl-modern-P-521.pfx",
        "ossl-modern-secp256k1.pfx",
    ] {
        let fixture = fixtures::named(file);
        let contents = pfx::read(&fixture.bytes, &fixture.password).unwrap();
        let pkcs8 = contents.keys[0].pkcs8();
        let without = without_public_half(pkcs8);
        assert!(without.len() < pkcs8.len(), "{file}: the fixture has the public half");
        let key = PrivateKey::from_pkcs8(&without).unwrap();
        let certificates = contents.certificates;
        let bundle =
            Bundle::from_parts(akv_core::bundle::Parts::new(vec![key], certificates), NOW).unwrap();
        assert_eq!(bundle.key_kind().to_string(), fixture.key);
    }
}

/// Removes `[1] publicKey`, the last element of the innermost structure, from a PKCS#8 key.
fn without_public_half(pkcs8: &[u8]) -> Vec<u8> {
    use crate::cost::{content, tlv};
    let fields = content(pkcs8);
    let version_and_algorithm = 3 + 2 + usize::from(fields[4]);
    let sec1 = content(content(&fields[version_and_algorithm..]));
    // version 02 01 01, then the octet string of the private number.
    let private = 3 + 2 + usize::from(sec1[4]);
    let sec1 = tlv(0x30, &sec1[..private]);
    tlv(0x30, &[&fields[..version_and_algorithm], &tlv(0x04, &sec1)].concat())
}
