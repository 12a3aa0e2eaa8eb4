//! The certificates behind a version, out of its backing secret.

use akv_core::bundle::{KeyMatch, PrivateKey, X509, pem, pfx};
use akv_core::{Error, ErrorKind, Password, Result};
use base64::Engine;
use zeroize::Zeroizing;

use crate::page::unreadable;
use crate::pipeline::Answer;
use crate::wire::certificate::FORGIVING;
use crate::wire::secret::{PEM, PKCS12, Secret};

/// Leaf first, as DER. The key that may be in the secret only tells which that is, and is wiped.
pub(super) fn read(answer: &Answer, tried: &str) -> Result<Vec<Vec<u8>>> {
    let broken = |problem: &str| Error::new(ErrorKind::Protocol, tried, problem);
    let secret: Secret<'_> =
        serde_json::from_slice(answer.body()).map_err(|error| unreadable(tried, &error))?;
    let none = Password::default();
    let contents = match secret.content_type.as_deref() {
        Some(PEM) => pem::read(secret.value.as_bytes(), &none),
        Some(PKCS12) | None => {
            let bytes = FORGIVING
                .decode(secret.value.as_bytes())
                .map(Zeroizing::new)
                .map_err(|_| broken("the backing secret is not base64"))?;
            pfx::read(&bytes, &none)
        }
        Some(other) => {
            let other = if is_content_type(other) { other } else { "(unreadable)" };
            let problem = format!("the backing secret has the content type {other}");
            return Err(broken(&problem));
        }
    }
    .map_err(|error| broken(&format!("the backing secret cannot be read: {error}")))?;
    if let Some(one) = contents.unreadable.first() {
        return Err(broken(&format!("the backing secret: {one}")));
    }
    let ordered = leaf_first(&contents.keys, contents.certificates);
    Ok(ordered.iter().map(|certificate| certificate.der().to_vec()).collect())
}

/// A whole media type, as long as they are; whoever put it there could have put a key.
fn is_content_type(text: &str) -> bool {
    let part = |part: &str| {
        (1..=40).contains(&part.len())
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+.-".contains(&b))
    };
    let is_known = |family| ["application", "text", "image"].contains(&family);
    text.split_once('/').is_some_and(|(family, kind)| is_known(family) && part(kind))
}

/// From the leaf up to the root, then whatever belongs to neither, in the order it was sent in.
fn leaf_first(keys: &[PrivateKey], mut rest: Vec<X509>) -> Vec<X509> {
    let mut ordered = Vec::with_capacity(rest.len());
    let mut next = leaf_of(keys, &rest);
    while next < rest.len() {
        let certificate = rest.remove(next);
        next = rest.iter().position(|one| is_issuer(one, &certificate)).unwrap_or(usize::MAX);
        ordered.push(certificate);
    }
    ordered.append(&mut rest);
    ordered
}

/// The certificate of the key. Where the key stays in the vault, the first that issued none of the
/// others, one that may issue none at all before one that may: old roots do not say that they are
/// roots, and what was imported can be an issuer itself.
fn leaf_of(keys: &[PrivateKey], certificates: &[X509]) -> usize {
    let fits = |one: &X509| keys.iter().any(|key| key.fits(one) == KeyMatch::Match);
    let is_end = |one: &X509| !certificates.iter().any(|it| is_issuer(one, it));
    let position = |which: &dyn Fn(&X509) -> bool| certificates.iter().position(which);
    position(&fits)
        .or_else(|| position(&|one| is_end(one) && !one.is_ca()))
        .or_else(|| position(&is_end))
        .unwrap_or_default()
}

fn is_issuer(one: &X509, of: &X509) -> bool {
    of.names_as_issuer(one) && one.thumbprint() != of.thumbprint()
}

#[cfg(test)]
mod tests {
    use akv_testkit::pki::{Key, Leaf, TestPki};
    use time::macros::datetime;

    use super::*;

    fn parsed(der: &[u8]) -> X509 {
        X509::from_der(der).expect("a certificate")
    }

    fn thumbprints(certificates: &[X509]) -> Vec<String> {
        certificates.iter().map(|one| one.thumbprint().to_string()).collect()
    }

    fn two_leaves() -> (Leaf, Leaf) {
        let pki = TestPki::elliptic(datetime!(2026-11-01 0:00 UTC));
        (pki.leaf("one.contoso.com").issue(), pki.leaf("other.contoso.com").key(Key::P256).issue())
    }

    #[test]
    fn the_certificate_of_the_key_is_the_leaf_wherever_it_is() {
        let (one, other) = two_leaves();
        let issuers = || one.chain().iter().map(|der| parsed(der));
        let sent: Vec<X509> = issuers().chain([parsed(other.der()), parsed(one.der())]).collect();
        let key = PrivateKey::from_pkcs8(one.key_pkcs8()).expect("a key");
        let ordered = thumbprints(&leaf_first(&[key], sent));
        let mut expected = vec![parsed(one.der())];
        expected.extend(issuers());
        expected.push(parsed(other.der()));
        assert_eq!(ordered, thumbprints(&expected));
    }

    #[test]
    fn an_old_root_that_does_not_say_so_is_not_taken_for_the_leaf() {
        let sent = pem::read([ROOT_OF_VERSION_1, ISSUER].concat().as_bytes(), &Password::default());
        let sent = sent.expect("certificates").certificates;
        assert_eq!(sent.iter().map(X509::is_ca).collect::<Vec<_>>(), [false, true]);
        let ordered = leaf_first(&[], sent);
        let subjects: Vec<_> = ordered.iter().filter_map(X509::common_name).collect();
        assert_eq!(subjects, ["Contoso Issuing", "Contoso Old Root"]);
    }

    #[test]
    fn without_a_key_the_order_that_was_sent_decides_between_leaves() {
        let (one, other) = two_leaves();
        let sent = vec![
            parsed(one.chain().last().expect("a root")),
            parsed(other.der()),
            parsed(one.der()),
        ];
        let ordered = thumbprints(&leaf_first(&[], sent));
        assert_eq!(ordered.first(), thumbprints(&[parsed(other.der())]).first());
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
}
