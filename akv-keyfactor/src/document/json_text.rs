//! A string of a JSON document: borrowed if possible; decoded and zeroized if it contains escapes.

use std::ops::Deref;

use zeroize::Zeroizing;

/// Any string may be a secret, so the decoded copy is allocated once and zeroized.
#[derive(Clone)]
pub(crate) enum Text<'a> {
    Here(&'a str),
    Decoded(Zeroizing<String>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Here(text) => text,
            Self::Decoded(text) => text,
        }
    }
}

impl<'a> Text<'a> {
    /// The value of a JSON string; `None` for any other value, and for half a surrogate pair.
    pub(super) fn of_json(json: &'a str) -> Option<Self> {
        let inner = json.trim().strip_prefix('"')?.strip_suffix('"')?;
        if inner.contains('\\') {
            decoded(inner).map(Self::Decoded)
        } else {
            Some(Self::Here(inner))
        }
    }

    pub(super) fn trimmed(self) -> Self {
        match self {
            Self::Here(text) => Self::Here(text.trim()),
            Self::Decoded(text) => Self::Decoded(Zeroizing::new(text.trim().to_owned())),
        }
    }
}

fn decoded(inner: &str) -> Option<Zeroizing<String>> {
    // An escape is never shorter than its character.
    let mut text = Zeroizing::new(String::with_capacity(inner.len()));
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        let (plain, escape) = rest.split_at(at);
        text.push_str(plain);
        let kind = escape.chars().nth(1)?;
        let mut length = 2;
        text.push(match kind {
            '"' | '\\' | '/' => kind,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let high = unit(escape)?;
                length = 6;
                if let Some(c) = char::from_u32(u32::from(high)) {
                    c
                } else {
                    let low = unit(escape.get(6..)?)?;
                    length = 12;
                    char::decode_utf16([high, low]).next()?.ok()?
                }
            }
            _ => return None,
        });
        rest = escape.get(length..)?;
    }
    text.push_str(rest);
    Some(text)
}

/// The code unit of `\uXXXX`.
fn unit(escape: &str) -> Option<u16> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    all.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn half_a_surrogate_pair_is_not_text() {
        for json in [r#""\ud83d""#, r#""\ud83dx""#, r#""\udd11\ud83d""#, r#""\ud83d\u0041""#, "1"] {
            assert!(Text::of_json(json).is_none(), "{json}");
        }
        assert_eq!(Text::of_json(r#""\ud83d\uDD11\/""#).as_deref(), Some("\u{1f511}/"));
    }

    proptest! {
        #[test]
        fn reads_back_written_json(text in ".{0,40}", ascii in any::<bool>()) {
            let json = serde_json::to_string(&text).expect("JSON");
            let json = if ascii {
                json.encode_utf16().map(|unit| match u8::try_from(unit) {
                    Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
                    _ => format!("\\u{unit:04x}"),
                }).collect()
            } else {
                json
            };
            let read = Text::of_json(&json).map(|text| text.to_string());
            prop_assert_eq!(read, Some(text));
        }
    }
}
