//! Orders the certificates of a vault by their chain: none is left out.

use akv_core::Password;
use akv_core::bundle::{Parts, X509, leaf_first, pem};

use crate::fixtures::NOW;
use crate::pki::Party;

/// A root, an intermediate CA, and two leaves.
struct Family {
    one: Party,
    root: X509,
    issuer: X509,
    leaf: X509,
    other: X509,
}

impl Family {
    fn new() -> Self {
        let (root, issuer) = (Party::authority("Root"), Party::authority("Issuing"));
        let (one, other) = (Party::leaf("one.contoso.com"), Party::leaf("other.contoso.com"));
        Self {
            root: root.self_signed(),
            issuer: issuer.signed_by(&root),
            leaf: one.signed_by(&issuer),
            other: other.signed_by(&issuer),
            one,
        }
    }
}

fn without_key(certificates: &[&X509]) -> Parts {
    let certificates = certificates.iter().copied().cloned().collect();
    Parts::new(Vec::new(), certificates)
}

fn assert_order(found: &[X509], expected: &[&X509]) {
    assert!(found.iter().eq(expected.iter().copied()), "{found:?}");
}

#[test]
fn the_certificate_of_the_key_comes_first() {
    let Family { one, root, issuer, leaf, other } = Family::new();
    let sent = one.contents(&[&root, &issuer, &other, &leaf, &issuer]);
    assert_order(&leaf_first(sent, NOW), &[&leaf, &issuer, &root, &other]);
}

#[test]
fn without_a_key_the_first_leaf_comes_first() {
    let Family { root, issuer, leaf, other, .. } = Family::new();
    let found = leaf_first(without_key(&[&root, &other, &issuer, &leaf]), NOW);
    assert_order(&found, &[&other, &issuer, &root, &leaf]);
}

#[test]
fn issuer_without_the_signature_is_not_in_the_chain() {
    let Family { one, leaf, .. } = Family::new();
    let impostor = Party::authority("Issuing").self_signed();
    let issuers = Family::new();
    let found = leaf_first(one.contents(&[&impostor, &leaf, &issuers.root]), NOW);
    assert_eq!(found.first(), Some(&leaf));
    assert_eq!(found.len(), 3, "nothing is left out");
}

#[test]
fn empty_values_have_no_order() {
    assert!(leaf_first(Parts::default(), NOW).is_empty());
}

#[test]
fn version_1_root_is_not_selected_as_leaf() {
    let sent = pem::read([ROOT_OF_VERSION_1, ISSUER].concat().as_bytes(), &Password::default());
    let sent = sent.unwrap();
    assert_eq!(sent.certificates.iter().map(X509::is_ca).collect::<Vec<_>>(), [false, true]);
    let found = leaf_first(sent, NOW);
    let subjects: Vec<_> = found.iter().filter_map(X509::common_name).collect();
    assert_eq!(subjects, ["Contoso Issuing", "Contoso Old Root"]);
}

const ROOT_OF_VERSION_1: &str = "\
-----BEGIN CERTIFICATE-----
MIIBMzCB2QIUYV+/IEayfipNyGUsRwJ6MAJ8ctAwCgYIKoZIzj0EAwIwGzEZMBcG
A1UEAwwQQ29udG9zbyBPbGQgUm9vdDAgFw0yNjExMjMyMzAxMDFaGA8yMTI2MTAz
MDIzMDEwMVowGzEZMBcGA1UEAwwQQ29udG9zbyBPbGQgUm9vdDBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABOKbIgSzFmgJdo3w2fJpSZCJ2BXJW28L0Tx44OmJlpnZ
8Ykw1TtkGluxS9G5Sp9NW6/tXhdmFO6y59Vf6/MUi04wCgYIKoZIzj0EAwIDSQAw
RgIhAKtOAfAMcp25HVE6cheA+Jnz38QclyzMjZ32D6fg+8r+AiEAuy++mpusgiey
0VFow6y5xp4Ke85l9HBoOOsOoHVz4/g=
-----END CERTIFICATE-----
";
const ISSUER: &str = "\
-----BEGIN CERTIFICATE-----
MIIBrjCCAVOgAwIBAgIUGXdA5eaJXZIv91eYhgr/2mp1JbQwCgYIKoZIzj0EAwIw
GzEZMBcGA1UEAwwQQ29udG9zbyBPbGQgUm9vdDAgFw0yNjExMjMyMzAxMDFaGA8y
MTI2MTAzMDIzMDEwMVowGjEYMBYGA1UEAwwPQ29udG9zbyBJc3N1aW5nMFkwEwYH
KoZIzj0CAQYIKoZIzj0DAQcDQgAEACZbMT3pKDJo5XV4FAWUvWqgmtR5P6yd8r5H
+pIDG1MsgyNx7RP9pZlvSLJpN5tRpGnsW0Z31SGv6ghwNa/XVqN0MHIwDwYDVR0T
AQH/BAUwAwEB/zAdBgNVHQ4EFgQUmD5hNCb5Rs30nQutqasWgmNZHUQwQAYDVR0j
BDkwN6EfpB0wGzEZMBcGA1UEAwwQQ29udG9zbyBPbGQgUm9vdIIUYV+/IEayfipN
yGUsRwJ6MAJ8ctAwCgYIKoZIzj0EAwIDSQAwRgIhAPjIriMEFy3DwzOlcQPkqYAL
q8gQ9zqK+53i0/t/Z/KlAiEA3Ru4OiunBjxcfkLLaJMnR/ON8OGmg3I4qdYewmLC
Gaw=
-----END CERTIFICATE-----
";
