//! Scans a JSON text without reading it into memory: its nesting depth, and the job history ID of a
//! damaged text.

/// Deeper than any sender nests, and shallow enough for every reader.
const DEEPEST: usize = 128;

/// Whether the text nests deeper than 128 levels. The parser keeps a byte for each level, so a text
/// that consists of brackets would double its own size in memory.
pub(crate) fn is_too_deep(text: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return true;
        }
    }
    false
}

/// The job history ID in a text that is not valid JSON, such as a truncated one, so that the result
/// still reaches its job. It counts only if it is certain: a complete member of the outermost
/// object, and the only one with this name.
pub(crate) fn salvaged_job_history_id(text: &[u8]) -> Option<i64> {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let mut tokens = Tokens(text).peekable();
    let (mut open, mut found) = (Vec::new(), None);
    let mut begins_member = false;
    while let Some(token) = tokens.next() {
        let at_member = std::mem::take(&mut begins_member);
        match token {
            Token::Open(bracket) if open.len() < DEEPEST => {
                open.push(bracket);
                begins_member = open == b"{";
            }
            Token::Close(bracket) if open.pop() == Some(bracket) && !open.is_empty() => {}
            // The position of the following tokens is unknown.
            Token::Open(_) | Token::Close(_) => break,
            Token::Comma => begins_member = open == b"{",
            Token::Text(name) if at_member && name.eq_ignore_ascii_case(b"JobHistoryId") => {
                if tokens.next_if_eq(&Token::Colon).is_none() {
                    continue;
                }
                let id = match tokens.next() {
                    Some(Token::Text(value) | Token::Scalar(value)) => number(value)?,
                    _ => return None,
                };
                if found.is_some_and(|other| other != id) {
                    return None;
                }
                found = Some(id);
            }
            Token::Colon | Token::Text(_) | Token::Scalar(_) => {}
        }
    }
    found
}

fn number(digits: &[u8]) -> Option<i64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[derive(Debug, PartialEq, Eq)]
enum Token<'a> {
    /// `{` or `[`
    Open(u8),
    /// `}` or `]`, as the bracket that it closes
    Close(u8),
    Comma,
    Colon,
    /// The text between two quotation marks, including escapes.
    Text(&'a [u8]),
    /// Any other token, up to its end.
    Scalar(&'a [u8]),
}

/// The complete tokens of a text.
struct Tokens<'a>(&'a [u8]);

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.0 = self.0.trim_ascii_start();
        let (first, rest) = self.0.split_first()?;
        let token = match first {
            b'{' | b'[' => Token::Open(*first),
            b'}' => Token::Close(b'{'),
            b']' => Token::Close(b'['),
            b',' => Token::Comma,
            b':' => Token::Colon,
            b'"' => {
                let end = closing_quote(rest)?;
                let (text, after) = rest.split_at(end);
                self.0 = after.get(1..)?;
                return Some(Token::Text(text));
            }
            _ => {
                let ends = |byte: &u8| byte.is_ascii_whitespace() || b"{}[],:\"".contains(byte);
                let (scalar, after) = self.0.split_at(self.0.iter().position(ends)?);
                self.0 = after;
                return Some(Token::Scalar(scalar));
            }
        };
        self.0 = rest;
        Some(token)
    }
}

fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    text.iter().position(|byte| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn salvages_an_id_only_when_it_is_certain() {
        for (text, id) in [
            (r#"{"JobHistoryId": 42, "JobCert"#, Some(42)),
            (r#"{"jobHistoryId":"42" "#, Some(42)),
            ("\u{feff}{\"JobHistoryId\":42\n", Some(42)),
            (r#"{"a":tru,"JobHistoryId":42}"#, Some(42)),
            (r#"{"a":{"b":["}\"]"]},"JobHistoryId":-7}}"#, Some(-7)),
            (r#"{"JobHistoryId":42,"JobHistoryId":42,"#, Some(42)),
            (r#"{"JobHistoryId":"#, None),
            (r#"{"JobHistoryId""#, None),
            (r#"{"JobHistoryId": 123"#, None),
            (r#"{"JobHistoryId": "123"#, None),
            (r#"{"JobHistoryId":12.75,"#, None),
            (r#"{"JobHistoryId":1e400,"#, None),
            (r#"{"JobHistoryId":99999999999999999999}"#, None),
            (r#"{"JobHistoryId":42,"jobhistoryid":43,"#, None),
            (r#"{"JobCertificate":{"JobHistoryId":42},"#, None),
            (r#"{"a":"\"JobHistoryId\":42,"#, None),
            (r#"{"a":"JobHistoryId","b":42,"#, None),
            (r#"[{"JobHistoryId":42},"#, None),
            (r#"{"a":[1},"JobHistoryId":42,"#, None),
            (r#"{"a":1} {"JobHistoryId":42,"#, None),
            ("", None),
        ] {
            assert_eq!(salvaged_job_history_id(text.as_bytes()), id, "{text}");
        }
    }

    #[test]
    fn depth_is_counted_outside_of_text() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(!is_too_deep(nested(DEEPEST).as_bytes()));
        assert!(is_too_deep(nested(DEEPEST + 1).as_bytes()));
        assert!(!is_too_deep(format!("\"{}\"", "[".repeat(1000)).as_bytes()));
        assert!(!is_too_deep("[],".repeat(1000).as_bytes()));
    }
}
