//! Elements of BER, borrowed from the input.
//!
//! An element may violate the rules of DER (lengths that are not minimal, indefinite lengths),
//! because its bytes are passed on unchanged.

use super::ber::{END, Header, MAX_DEPTH};

/// One element.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Element<'a> {
    /// The first octet of the tag, which is the whole tag for every tag in certificates.
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// Header and content.
    pub(super) whole: &'a [u8],
}

impl<'a> Element<'a> {
    /// The element at the start of `input`, and the rest.
    pub(super) fn read(input: &'a [u8]) -> Option<(Self, &'a [u8])> {
        Self::read_at(input, MAX_DEPTH)
    }

    fn read_at(input: &'a [u8], depth: usize) -> Option<(Self, &'a [u8])> {
        let (header, body) = Header::read(input).ok()?;
        let (content, rest) = if let Some(length) = header.length {
            body.split_at_checked(length)?
        } else {
            let mut left = body;
            while !left.starts_with(END) {
                left = Self::read_at(left, depth.checked_sub(1)?)?.1;
            }
            (body.get(..body.len() - left.len())?, left.get(END.len()..)?)
        };
        let whole = input.get(..input.len() - rest.len())?;
        Some((Self { tag: header.first(), content, whole }, rest))
    }

    /// The elements inside.
    pub(super) fn elements(&self) -> Elements<'a> {
        Elements(self.content)
    }
}

/// Consecutive elements. A malformed element is `None` and the last one.
#[derive(Debug, Clone)]
pub(super) struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    pub(super) fn of(content: &'a [u8]) -> Self {
        Self(content)
    }

    /// The next element if it has this tag; otherwise it is not consumed.
    pub(super) fn next_if(&mut self, tag: u8) -> Option<Element<'a>> {
        let (element, rest) = Element::read(self.0).filter(|(next, _)| next.tag == tag)?;
        self.0 = rest;
        Some(element)
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Option<Element<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let read = Element::read(self.0);
        self.0 = read.map_or(&[], |(_, rest)| rest);
        Some(read.map(|(element, _)| element))
    }
}

pub(super) mod tag {
    //! Tags with the constructed bit, as in certificates.

    pub(in super::super) const BOOLEAN: u8 = 0x01;
    pub(in super::super) const INTEGER: u8 = 0x02;
    pub(in super::super) const BIT_STRING: u8 = 0x03;
    pub(in super::super) const OCTET_STRING: u8 = 0x04;
    pub(in super::super) const OBJECT_IDENTIFIER: u8 = 0x06;
    pub(in super::super) const UTF8_STRING: u8 = 0x0c;
    pub(in super::super) const UTC_TIME: u8 = 0x17;
    pub(in super::super) const GENERALIZED_TIME: u8 = 0x18;
    pub(in super::super) const UNIVERSAL_STRING: u8 = 0x1c;
    pub(in super::super) const BMP_STRING: u8 = 0x1e;
    pub(in super::super) const SEQUENCE: u8 = 0x30;
    pub(in super::super) const SET: u8 = 0x31;
}
