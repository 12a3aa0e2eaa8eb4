//! Handwritten certificates with arbitrary fields and valid signatures.

use akv_core::bundle::{Parts, PrivateKey, X509};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

use crate::cost::{sequence, tlv};

pub(crate) const UTF8: u8 = 0x0c;
pub(crate) const PRINTABLE: u8 = 0x13;
pub(crate) const T61: u8 = 0x14;
pub(crate) const IA5: u8 = 0x16;
pub(crate) const UNIVERSAL: u8 = 0x1c;
pub(crate) const BMP: u8 = 0x1e;

pub(crate) const COMMON_NAME: &[u8] = b"\x06\x03\x55\x04\x03";
pub(crate) const BASIC_CONSTRAINTS: &[u8] = b"\x06\x03\x55\x1d\x13";
pub(crate) const ALTERNATIVE_NAMES: &[u8] = b"\x06\x03\x55\x1d\x11";

/// A key.
pub(crate) struct Key {
    pair: EcdsaKeyPair,
    pkcs8: Vec<u8>,
}

impl Key {
    pub(crate) fn new() -> Self {
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
        let pkcs8 = pkcs8.as_ref().to_vec();
        Self { pair: EcdsaKeyPair::from_pkcs8(algorithm, &pkcs8).unwrap(), pkcs8 }
    }

    /// A file with this key and these certificates, each parsed as in a real file.
    pub(crate) fn pem(&self, certificates: &[Vec<u8>]) -> String {
        let key = [("PRIVATE KEY", &self.pkcs8)];
        let certificates = certificates.iter().map(|der| ("CERTIFICATE", der));
        let block =
            |(label, der): (&str, &Vec<u8>)| pem::encode(&pem::Pem::new(label, der.clone()));
        key.into_iter().chain(certificates).map(block).collect()
    }

    pub(crate) fn contents(&self, certificates: &[X509]) -> Parts {
        let key = PrivateKey::from_pkcs8(&self.pkcs8).unwrap();
        Parts::new(vec![key], certificates.to_vec())
    }
}

/// The parts of a certificate, each the DER of a whole element.
#[derive(Clone)]
pub(crate) struct Crafted {
    pub(crate) serial: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) validity: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) extensions: Vec<Vec<u8>>,
}

impl Crafted {
    /// An ordinary certificate.
    pub(crate) fn new(issuer: &str, subject: &str) -> Self {
        Self {
            serial: b"\x02\x01\x01".to_vec(),
            issuer: named(UTF8, issuer.as_bytes()),
            validity: validity("251101000000Z", "291101000000Z"),
            subject: named(UTF8, subject.as_bytes()),
            key: None,
            extensions: Vec::new(),
        }
    }

    pub(crate) fn authority(self) -> Self {
        self.with(extension(BASIC_CONSTRAINTS, b"\x30\x03\x01\x01\xff"))
    }

    pub(crate) fn with(mut self, extension: Vec<u8>) -> Self {
        self.extensions.push(extension);
        self
    }

    pub(crate) fn valid(self, from: &str, to: &str) -> Self {
        Self { validity: validity(from, to), ..self }
    }

    /// A certificate for the key `of`, signed with the key `by`.
    pub(crate) fn der(&self, of: &Key, by: &Key) -> Vec<u8> {
        let point = [b"\0", of.pair.public_key().as_ref()].concat();
        let key = self.key.clone().unwrap_or_else(|| sequence(&[EC_P256, &tlv(0x03, &point)]));
        let extensions = tlv(0xa3, &sequence(&[&self.extensions.concat()]));
        let signed = sequence(&[
            b"\xa0\x03\x02\x01\x02",
            &self.serial,
            ECDSA_SHA256,
            &self.issuer,
            &self.validity,
            &self.subject,
            &key,
            &extensions,
        ]);
        let signature = by.pair.sign(&SystemRandom::new(), &signed).unwrap();
        let signature = tlv(0x03, &[b"\0", signature.as_ref()].concat());
        sequence(&[&signed, ECDSA_SHA256, &signature])
    }

    pub(crate) fn x509(&self, of: &Key, by: &Key) -> X509 {
        X509::from_der(&self.der(of, by)).unwrap()
    }
}

/// A name with one attribute.
pub(crate) fn named(tag: u8, text: &[u8]) -> Vec<u8> {
    sequence(&[&part(COMMON_NAME, tag, text)])
}

/// A part of a name, with one attribute.
pub(crate) fn part(oid: &[u8], tag: u8, text: &[u8]) -> Vec<u8> {
    tlv(0x31, &sequence(&[oid, &tlv(tag, text)]))
}

pub(crate) fn validity(from: &str, to: &str) -> Vec<u8> {
    let time = |text: &str| tlv(if text.len() < 15 { 0x17 } else { 0x18 }, text.as_bytes());
    sequence(&[&time(from), &time(to)])
}

pub(crate) fn extension(oid: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[oid, &tlv(0x04, value)])
}

const EC_P256: &[u8] =
    b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
const ECDSA_SHA256: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
