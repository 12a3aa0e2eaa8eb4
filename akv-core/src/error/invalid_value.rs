//! An invalid text from outside.

const SHOWN: usize = 200;

/// An invalid text from outside: the text, and the expected format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {read:?} is not valid: expected {expected}")]
pub struct InvalidValue {
    what: &'static str,
    read: String,
    expected: String,
}

impl InvalidValue {
    /// `read` is truncated to 200 characters, because the message is for a person.
    pub fn new(what: &'static str, read: &str, expected: impl Into<String>) -> Self {
        let mut shown: String = read.chars().take(SHOWN).collect();
        if shown.len() < read.len() {
            shown.push('…');
        }
        Self { what, read: shown, expected: expected.into() }
    }

    /// The kind of value: `certificate name`, `store path`.
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// The expected format, for callers that must not show the text.
    pub fn expected(&self) -> &str {
        &self.expected
    }
}
