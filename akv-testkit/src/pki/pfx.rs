//! PKCS#12 without a password, as the service returns it and Keyfactor's orchestrator sends it: a
//! plain key bag, plain certificate bags, no MAC (RFC 7292, sections 4 and 4.2).

use crate::pki::der::{element, explicit, octets, sequence, set};

/// A PKCS#12 file of an optional key (PKCS#8 DER) and certificates (DER) in their order.
pub(crate) fn write(key: Option<&[u8]>, certificates: &[Vec<u8>], leaf: usize) -> Vec<u8> {
    let local_key_id = attribute(LOCAL_KEY_ID, &octets(&[1]));
    let bags: Vec<Vec<u8>> = certificates
        .iter()
        .enumerate()
        .map(|(at, certificate)| {
            let bag = sequence(&[X509_CERTIFICATE, &explicit(&octets(certificate))]);
            let attributes = if at == leaf { set(&[&local_key_id]) } else { Vec::new() };
            sequence(&[CERTIFICATE_BAG, &explicit(&bag), &attributes])
        })
        .collect();
    let bags: Vec<&[u8]> = bags.iter().map(Vec::as_slice).collect();
    let certificates = content(&sequence(&bags));
    let key = key.map(|key| {
        let bag = sequence(&[KEY_BAG, &explicit(key), &set(&[&local_key_id])]);
        content(&sequence(&[&bag]))
    });
    let safe = sequence(&[key.as_deref().unwrap_or_default(), &certificates]);
    sequence(&[&element(0x02, &[3]), &content(&safe)])
}

/// A `ContentInfo` of type data.
fn content(data: &[u8]) -> Vec<u8> {
    sequence(&[DATA, &explicit(&octets(data))])
}

fn attribute(kind: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[kind, &set(&[value])])
}

/// 1.2.840.113549.1.7.1
const DATA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
/// 1.2.840.113549.1.12.10.1.1
const KEY_BAG: &[u8] = &[0x06, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 1];
/// 1.2.840.113549.1.12.10.1.3
const CERTIFICATE_BAG: &[u8] = &[0x06, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 3];
/// 1.2.840.113549.1.9.22.1
const X509_CERTIFICATE: &[u8] = &[0x06, 10, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 22, 1];
/// 1.2.840.113549.1.9.21
const LOCAL_KEY_ID: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 21];
