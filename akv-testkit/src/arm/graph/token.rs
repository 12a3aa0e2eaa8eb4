//! The words, strings, numbers and signs of a query, each with its position.

/// A piece of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// As in the query; for a string its value.
    pub(super) text: String,
    /// Counted from 1.
    pub(super) line: usize,
    /// Counted from 0.
    pub(super) column: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Text,
    Number,
    Sign,
    /// A quote without a closing one.
    Broken,
    End,
}

impl Token {
    pub(super) fn is_sign(&self, sign: &str) -> bool {
        self.kind == Kind::Sign && self.text == sign
    }

    /// Operators and keywords ignore case (our choice).
    pub(super) fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }
}

/// Splits a query into its tokens; the last one is the end.
pub(super) fn tokens(query: &str) -> Vec<Token> {
    let mut reader = Reader { rest: query.chars().peekable(), line: 1, column: 0 };
    let mut tokens = Vec::new();
    loop {
        let token = reader.token();
        let is_end = token.kind == Kind::End;
        tokens.push(token);
        if is_end {
            return tokens;
        }
    }
}

struct Reader<'q> {
    rest: std::iter::Peekable<std::str::Chars<'q>>,
    line: usize,
    column: usize,
}

impl Reader<'_> {
    fn token(&mut self) -> Token {
        while self.next_if(char::is_whitespace).is_some() {}
        let (line, column) = (self.line, self.column);
        let made = |kind, text| Token { kind, text, line, column };
        let Some(first) = self.next_if(|_| true) else { return made(Kind::End, String::new()) };
        match first {
            '\'' | '"' => match self.text(first) {
                Some(text) => made(Kind::Text, text),
                None => made(Kind::Broken, first.to_string()),
            },
            '=' | '!' => {
                let second = self.next_if(|c| matches!(c, '=' | '~'));
                made(Kind::Sign, std::iter::once(first).chain(second).collect())
            }
            '0'..='9' => made(Kind::Number, self.word(first)),
            first if first.is_alphabetic() || first == '_' => made(Kind::Word, self.word(first)),
            other => made(Kind::Sign, other.to_string()),
        }
    }

    fn word(&mut self, first: char) -> String {
        let mut word = String::from(first);
        while let Some(next) = self.next_if(|c| c.is_alphanumeric() || c == '_') {
            word.push(next);
        }
        word
    }

    /// The string up to its closing quote; a backslash escapes the next character. `None`: it does
    /// not end, or the escape is unsupported.
    fn text(&mut self, quote: char) -> Option<String> {
        let mut text = String::new();
        loop {
            match self.next_if(|_| true)? {
                '\\' => text.push(self.next_if(|c| matches!(c, '\\' | '\'' | '"'))?),
                end if end == quote => return Some(text),
                other => text.push(other),
            }
        }
    }

    fn next_if(&mut self, fits: impl FnOnce(char) -> bool) -> Option<char> {
        let next = self.rest.next_if(|c| fits(*c))?;
        (self.line, self.column) =
            if next == '\n' { (self.line + 1, 0) } else { (self.line, self.column + 1) };
        Some(next)
    }
}
