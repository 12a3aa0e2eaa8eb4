use proptest::prelude::*;

use super::{MAX_DEPTH, to_der};
use crate::bundle::BundleError;

/// An element that can be written as DER and as each variant of BER.
#[derive(Debug, Clone)]
enum Node {
    Primitive {
        tag: u8,
        content: Vec<u8>,
    },
    /// An octet string; each item is a segment in BER, and is nested if its flag is set.
    Octets(Vec<(Vec<u8>, bool)>),
    Constructed {
        tag: u8,
        indefinite: bool,
        children: Vec<Node>,
    },
    /// `EncryptedContentInfo`, whose `[0]` is an implicit octet string.
    EncryptedContent(Vec<Vec<u8>>),
}

impl Node {
    fn der(&self) -> Vec<u8> {
        match self {
            Self::Primitive { tag, content } => definite(*tag, content),
            Self::Octets(pieces) => {
                let joined: Vec<u8> = pieces.iter().flat_map(|(piece, _)| piece.clone()).collect();
                definite(0x04, &joined)
            }
            Self::Constructed { tag, children, .. } => {
                definite(*tag, &children.iter().flat_map(Self::der).collect::<Vec<_>>())
            }
            Self::EncryptedContent(pieces) => {
                definite(0x30, &[&PREFIX[..], &definite(0x80, &pieces.concat())].concat())
            }
        }
    }

    fn ber(&self) -> Vec<u8> {
        match self {
            Self::Primitive { tag, content } => wasteful(*tag, content),
            Self::Octets(pieces) => {
                let pieces = pieces.iter().flat_map(|(piece, nested)| match nested {
                    true => indefinite(0x24, &definite(0x04, piece)),
                    false => wasteful(0x04, piece),
                });
                indefinite(0x24, &pieces.collect::<Vec<_>>())
            }
            Self::Constructed { tag, indefinite: no_length, children } => {
                let content = children.iter().flat_map(Self::ber).collect::<Vec<_>>();
                if *no_length { indefinite(*tag, &content) } else { wasteful(*tag, &content) }
            }
            Self::EncryptedContent(pieces) => {
                let pieces: Vec<_> =
                    pieces.iter().flat_map(|piece| definite(0x04, piece)).collect();
                indefinite(0x30, &[&PREFIX[..], &indefinite(0xa0, &pieces)].concat())
            }
        }
    }
}

/// An object identifier and a sequence, the start of `EncryptedContentInfo`.
const PREFIX: [u8; 6] = [0x06, 0x02, 0x2a, 0x03, 0x30, 0x00];

fn definite(tag: u8, content: &[u8]) -> Vec<u8> {
    let octets = content.len().to_be_bytes();
    let first = octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len() - 1);
    let length = match content.len() {
        length @ 0..0x80 => vec![u8::try_from(length).unwrap()],
        _ => [&[0x80 | u8::try_from(octets.len() - first).unwrap()], &octets[first..]].concat(),
    };
    [&[tag], &length[..], content].concat()
}

/// Writes a length of four octets, although DER needs fewer.
fn wasteful(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x84], &length[..], content].concat()
}

fn indefinite(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, 0x80], content, &[0, 0]].concat()
}

fn octets() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => proptest::collection::vec(any::<u8>(), 0..40),
        1 => proptest::collection::vec(any::<u8>(), 100..300),
    ]
}

fn node() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        (prop_oneof![Just(0x02_u8), Just(0x0c), Just(0x80), Just(0x17)], octets())
            .prop_map(|(tag, content)| Node::Primitive { tag, content }),
        proptest::collection::vec((octets(), any::<bool>()), 0..4).prop_map(Node::Octets),
        proptest::collection::vec(octets(), 0..4).prop_map(Node::EncryptedContent),
    ];
    leaf.prop_recursive(6, 40, 5, |inner| {
        let tag = prop_oneof![Just(0x30_u8), Just(0x31), Just(0xa0), Just(0xa1)];
        (tag, any::<bool>(), proptest::collection::vec(inner, 0..5))
            .prop_map(|(tag, indefinite, children)| Node::Constructed { tag, indefinite, children })
    })
}

proptest! {
    #[test]
    fn ber_becomes_the_der_of_the_same_value(node in node()) {
        prop_assert_eq!(&**to_der("it", &node.ber()).unwrap(), node.der());
    }

    #[test]
    fn der_stays_as_it_is(node in node()) {
        let der = node.der();
        prop_assert_eq!(&**to_der("it", &der).unwrap(), der);
    }

    #[test]
    fn the_output_never_outgrows_its_first_allocation(
        input in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        if let Ok(der) = to_der("it", &input) {
            prop_assert!(der.len() <= input.len());
        }
    }

    #[test]
    fn truncated_input_is_reported(node in node(), share in 0.0..1.0) {
        let ber = node.ber();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a share of a small length")]
        let length = (ber.len() as f64 * share) as usize;
        let error = to_der("it", &ber[..length]).unwrap_err();
        prop_assert_eq!(error, BundleError::Truncated { found: length });
    }
}

#[test]
fn trailing_content_is_skipped() {
    assert_eq!(**to_der("it", &[0x02, 0x01, 0x05, 0xff]).unwrap(), [0x02, 0x01, 0x05]);
}

#[test]
fn an_explicit_tag_around_one_octet_string_stays() {
    // ContentInfo: an object identifier and [0], without the sequence of EncryptedContentInfo.
    let info =
        [&PREFIX[..4], &indefinite(0xa0, &indefinite(0x24, &definite(0x04, b"ab")))].concat();
    let der = to_der("it", &indefinite(0x30, &info)).unwrap();
    let expected = [&PREFIX[..4], &definite(0xa0, &definite(0x04, b"ab"))].concat();
    assert_eq!(**der, definite(0x30, &expected));
}

#[test]
fn large_elements_have_long_lengths() {
    let content = vec![7; 70_000];
    let der = to_der("it", &indefinite(0x30, &wasteful(0x04, &content))).unwrap();
    assert_eq!(**der, definite(0x30, &definite(0x04, &content)));
}

#[test]
fn depth_is_bounded() {
    let nested = |levels| (0..levels).fold(Vec::new(), |inner, _| definite(0x30, &inner));
    assert!(to_der("it", &nested(MAX_DEPTH)).is_ok());
    let error = to_der("it", &nested(MAX_DEPTH + 1)).unwrap_err();
    assert_eq!(error, BundleError::TooDeep { limit: MAX_DEPTH });
}

#[test]
fn nonsense_is_reported() {
    for input in [
        // A primitive element without a length.
        &[0x04, 0x80, 0x00, 0x00][..],
        // An end inside an element that has a length.
        &[0x30, 0x02, 0x00, 0x00],
        // An integer among the pieces of an octet string.
        &[0x24, 0x03, 0x02, 0x01, 0x00],
        // An element that is longer than the one around it.
        &[0x30, 0x02, 0x04, 0x05, 0, 0, 0, 0, 0],
    ] {
        let error = to_der("it", input).unwrap_err();
        assert!(matches!(error, BundleError::Damaged { part: "it", .. }), "{input:?}: {error}");
    }
}
