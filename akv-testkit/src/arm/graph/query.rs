//! Queries of Resource Graph: a real parser for the part of the language that finding vaults needs.
//!
//! `[resources |] where … | project … | order by … | take … | count`, in any order and number.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::arm::graph::token::{Kind, Token, tokens};

/// The steps that are applied to the rows in order.
#[derive(Debug)]
pub(super) struct Query(pub(super) Vec<Step>);

#[derive(Debug)]
pub(super) enum Step {
    Where(Condition),
    Project(Vec<Column>),
    Order(Vec<Key>),
    Take(usize),
    Count,
}

/// A disjunction of conjunctions: `and` binds closer than `or`.
#[derive(Debug)]
pub(super) struct Condition(pub(super) Vec<Vec<Comparison>>);

#[derive(Debug)]
pub(super) struct Comparison {
    pub(super) path: Path,
    pub(super) operator: Operator,
    pub(super) literal: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Is,
    IsNot,
    /// Ignores case.
    IsLike,
    IsNotLike,
}

#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: Token,
    pub(super) path: Path,
}

#[derive(Debug)]
pub(super) struct Key {
    pub(super) path: Path,
    pub(super) direction: Direction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

/// `properties.vaultUri`: a column, and the members below it.
#[derive(Debug, Clone)]
pub(super) struct Path {
    pub(super) column: Token,
    pub(super) members: Vec<String>,
}

/// The part of a query that cannot be parsed.
#[derive(Debug)]
pub(super) struct Failure {
    /// The service's error code.
    pub(super) code: &'static str,
    pub(super) token: Token,
}

impl Failure {
    pub(super) fn at(token: Token) -> Self {
        Self { code: "ParserFailure", token }
    }
}

impl Query {
    pub(super) fn read(text: &str) -> Result<Self, Failure> {
        let mut parser = Parser { rest: tokens(text).into_iter().peekable() };
        let mut steps = Vec::new();
        match parser.table()? {
            Table::Named if parser.is_at_end() => return Ok(Self(steps)),
            Table::Named => parser.sign("|")?,
            Table::LeftOut => {}
        }
        loop {
            steps.push(parser.step()?);
            if parser.is_at_end() {
                return Ok(Self(steps));
            }
            parser.sign("|")?;
        }
    }

    /// Such a query has no further pages (Resource Graph's documentation of paging).
    pub(super) fn takes_a_part(&self) -> bool {
        self.0.iter().any(|step| matches!(step, Step::Take(_)))
    }
}

/// Whether the query begins with the table, which is optional.
enum Table {
    Named,
    LeftOut,
}

struct Parser {
    rest: std::iter::Peekable<std::vec::IntoIter<Token>>,
}

impl Parser {
    fn table(&mut self) -> Result<Table, Failure> {
        let Some(first) = self.rest.peek().filter(|token| token.kind == Kind::Word) else {
            return Err(Failure::at(self.next()));
        };
        if STEPS.iter().any(|step| first.is_word(step)) {
            return Ok(Table::LeftOut);
        }
        let is_known = first.is_word("resources");
        let table = self.next();
        match self.rest.peek() {
            Some(next) if next.kind == Kind::End || next.is_sign("|") => {}
            // A word that another word follows is an operator.
            _ => return Err(Failure { code: "InvalidQueryLanguage", token: table }),
        }
        if is_known {
            return Ok(Table::Named);
        }
        Err(Failure { code: "DisallowedLogicalTableName", token: table })
    }

    fn step(&mut self) -> Result<Step, Failure> {
        let name = self.next();
        if name.kind != Kind::Word {
            return Err(Failure::at(name));
        }
        match name.text.to_ascii_lowercase().as_str() {
            "where" => self.condition().map(Step::Where),
            "project" => self.columns().map(Step::Project),
            "order" | "sort" => {
                self.word("by")?;
                self.list(Self::key).map(Step::Order)
            }
            "take" | "limit" => self.number().map(Step::Take),
            "count" => Ok(Step::Count),
            _ => Err(Failure { code: "InvalidQueryLanguage", token: name }),
        }
    }

    fn condition(&mut self) -> Result<Condition, Failure> {
        let mut any = Vec::new();
        loop {
            let mut all = vec![self.comparison()?];
            while self.takes_word("and") {
                all.push(self.comparison()?);
            }
            any.push(all);
            if !self.takes_word("or") {
                return Ok(Condition(any));
            }
        }
    }

    fn comparison(&mut self) -> Result<Comparison, Failure> {
        let path = self.path()?;
        let sign = self.next();
        let operator = match (sign.kind, sign.text.as_str()) {
            (Kind::Sign, "==") => Operator::Is,
            (Kind::Sign, "!=") => Operator::IsNot,
            (Kind::Sign, "=~") => Operator::IsLike,
            (Kind::Sign, "!~") => Operator::IsNotLike,
            _ => return Err(Failure::at(sign)),
        };
        Ok(Comparison { path, operator, literal: self.literal()? })
    }

    fn literal(&mut self) -> Result<Value, Failure> {
        let token = self.next();
        let number = |text: &str| text.parse::<i64>().ok().map(|number| json!(number));
        let literal = match token.kind {
            Kind::Text => Some(json!(token.text)),
            Kind::Number => number(&token.text),
            Kind::Word if token.is_word("true") => Some(json!(true)),
            Kind::Word if token.is_word("false") => Some(json!(false)),
            _ => None,
        };
        literal.ok_or_else(|| Failure::at(token))
    }

    /// Columns with distinct names: a row has one value for each.
    fn columns(&mut self) -> Result<Vec<Column>, Failure> {
        let columns = self.list(Self::column)?;
        let mut names = BTreeSet::new();
        match columns.iter().find(|column| !names.insert(&column.name.text)) {
            None => Ok(columns),
            Some(again) => Err(Failure { code: "InvalidColumnName", token: again.name.clone() }),
        }
    }

    fn column(&mut self) -> Result<Column, Failure> {
        let path = self.path()?;
        let is_name = path.members.is_empty() && self.takes_sign("=");
        if is_name {
            return Ok(Column { name: path.column, path: self.path()? });
        }
        let parts = std::iter::once(&path.column.text).chain(&path.members);
        let text = parts.map(String::as_str).collect::<Vec<_>>().join("_");
        Ok(Column { name: Token { text, ..path.column.clone() }, path })
    }

    fn key(&mut self) -> Result<Key, Failure> {
        let path = self.path()?;
        let direction = if self.takes_word("asc") {
            Direction::Ascending
        } else {
            // The language's default, explicit or not.
            self.takes_word("desc");
            Direction::Descending
        };
        Ok(Key { path, direction })
    }

    fn path(&mut self) -> Result<Path, Failure> {
        let column = self.name()?;
        let mut members = Vec::new();
        while self.takes_sign(".") {
            members.push(self.name()?.text);
        }
        Ok(Path { column, members })
    }

    fn list<T>(
        &mut self,
        item: impl Fn(&mut Self) -> Result<T, Failure>,
    ) -> Result<Vec<T>, Failure> {
        let mut items = vec![item(self)?];
        while self.takes_sign(",") {
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn number(&mut self) -> Result<usize, Failure> {
        let token = self.next();
        let number = (token.kind == Kind::Number).then(|| token.text.parse().ok()).flatten();
        number.ok_or_else(|| Failure::at(token))
    }

    fn name(&mut self) -> Result<Token, Failure> {
        let token = self.next();
        if token.kind == Kind::Word { Ok(token) } else { Err(Failure::at(token)) }
    }

    fn word(&mut self, word: &str) -> Result<(), Failure> {
        if self.takes_word(word) { Ok(()) } else { Err(Failure::at(self.next())) }
    }

    fn sign(&mut self, sign: &str) -> Result<(), Failure> {
        if self.takes_sign(sign) { Ok(()) } else { Err(Failure::at(self.next())) }
    }

    fn takes_word(&mut self, word: &str) -> bool {
        self.rest.next_if(|token| token.is_word(word)).is_some()
    }

    fn takes_sign(&mut self, sign: &str) -> bool {
        self.rest.next_if(|token| token.is_sign(sign)).is_some()
    }

    fn is_at_end(&mut self) -> bool {
        self.rest.peek().is_none_or(|token| token.kind == Kind::End)
    }

    /// The next token; after the end it is the end again.
    fn next(&mut self) -> Token {
        let end = || Token { kind: Kind::End, text: String::new(), line: 0, column: 0 };
        self.rest.next().unwrap_or_else(end)
    }
}

const STEPS: [&str; 7] = ["where", "project", "order", "sort", "take", "limit", "count"];
