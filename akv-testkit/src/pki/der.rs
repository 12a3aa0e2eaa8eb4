//! The DER elements that the fake writes itself.

/// A value with its tag and length.
pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let digits: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    let mut out = Vec::with_capacity(content.len() + 6);
    out.push(tag);
    match (u8::try_from(length), u8::try_from(digits.len())) {
        (Ok(short @ 0..0x80), _) => out.push(short),
        // A usize has at most eight bytes, so the count fits beside the long form's bit.
        (_, Ok(count)) => {
            out.push(0x80 | count);
            out.extend_from_slice(&digits);
        }
        (_, Err(_)) => {}
    }
    out.extend_from_slice(content);
    out
}

/// A SEQUENCE of encoded elements.
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

/// A SET of encoded elements.
pub(crate) fn set(parts: &[&[u8]]) -> Vec<u8> {
    element(0x31, &parts.concat())
}

/// An OCTET STRING.
pub(crate) fn octets(content: &[u8]) -> Vec<u8> {
    element(0x04, content)
}

/// A constructed `[0] EXPLICIT`.
pub(crate) fn explicit(content: &[u8]) -> Vec<u8> {
    element(0xa0, content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_short_as_they_can_be() {
        assert_eq!(element(4, &[1; 127])[..2], [4, 127]);
        assert_eq!(element(4, &[1; 128])[..3], [4, 0x81, 128]);
        assert_eq!(element(4, &[1; 300])[..4], [4, 0x82, 1, 44]);
    }
}
