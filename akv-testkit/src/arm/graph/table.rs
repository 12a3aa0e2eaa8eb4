//! Rows and columns, and the steps of a query on them.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use crate::arm::graph::query::{
    Column, Comparison, Condition, Direction, Failure, Key, Operator, Path, Query, Step,
};

/// The result of a query, or of a part of it.
#[derive(Debug, Clone)]
pub(super) struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

/// The position of a [`Path`] in a table whose columns are known.
struct Place<'p> {
    column: usize,
    members: &'p [String],
}

impl Place<'_> {
    fn of<'r>(&self, row: &'r [Value]) -> &'r Value {
        let column = row.get(self.column);
        let found = self.members.iter().fold(column, |value, member| value?.get(member));
        found.unwrap_or(&Value::Null)
    }
}

impl Table {
    pub(super) fn new(columns: &[&str], rows: Vec<Vec<Value>>) -> Self {
        Self { columns: columns.iter().map(|name| (*name).to_owned()).collect(), rows }
    }

    pub(super) fn run(mut self, query: &Query) -> Result<Self, Failure> {
        for step in &query.0 {
            match step {
                Step::Where(condition) => self.keep(condition)?,
                Step::Project(columns) => self = self.project(columns)?,
                Step::Order(keys) => self.order(keys)?,
                Step::Take(most) => self.rows.truncate(*most),
                Step::Count => self = Self::new(&["Count"], vec![vec![json!(self.rows.len())]]),
            }
        }
        Ok(self)
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn has_column(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column == name)
    }

    /// That many rows from `offset` on.
    pub(super) fn page(mut self, offset: usize, size: usize) -> Self {
        self.rows = self.rows.into_iter().skip(offset).take(size).collect();
        self
    }

    pub(super) fn into_objects(self) -> Value {
        let object = |row: Vec<Value>| -> Value {
            Value::Object(self.columns.iter().cloned().zip(row).collect::<Map<_, _>>())
        };
        self.rows.into_iter().map(object).collect()
    }

    pub(super) fn into_columns_and_rows(self) -> Value {
        let columns: Vec<Value> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, name)| {
                let mut values = self.rows.iter().filter_map(|row| row.get(at));
                let kind = values.find(|value| !value.is_null()).map_or("string", kind_of);
                json!({ "name": name, "type": kind })
            })
            .collect();
        json!({ "columns": columns, "rows": self.rows })
    }

    fn keep(&mut self, condition: &Condition) -> Result<(), Failure> {
        let mut any = Vec::new();
        for all in &condition.0 {
            let placed = all.iter().map(|comparison| {
                let place = place(&self.columns, &comparison.path)?;
                Ok((place, comparison))
            });
            any.push(placed.collect::<Result<Vec<_>, Failure>>()?);
        }
        self.rows.retain(|row| {
            any.iter().any(|all| all.iter().all(|(place, wanted)| holds(place.of(row), wanted)))
        });
        Ok(())
    }

    fn project(self, columns: &[Column]) -> Result<Self, Failure> {
        let places = columns.iter().map(|column| place(&self.columns, &column.path));
        let places = places.collect::<Result<Vec<_>, _>>()?;
        let row = |row: &Vec<Value>| places.iter().map(|place| place.of(row).clone()).collect();
        let rows = self.rows.iter().map(row).collect();
        Ok(Self { columns: columns.iter().map(|column| column.name.text.clone()).collect(), rows })
    }

    fn order(&mut self, keys: &[Key]) -> Result<(), Failure> {
        let keys = keys.iter().map(|key| Ok((place(&self.columns, &key.path)?, key.direction)));
        let keys = keys.collect::<Result<Vec<_>, Failure>>()?;
        self.rows.sort_by(|one, other| {
            let orders = keys.iter().map(|(place, direction)| {
                let order = order_of(place.of(one), place.of(other));
                if *direction == Direction::Descending { order.reverse() } else { order }
            });
            orders.fold(Ordering::Equal, Ordering::then)
        });
        Ok(())
    }
}

fn place<'p>(columns: &[String], path: &'p Path) -> Result<Place<'p>, Failure> {
    let column = columns.iter().position(|column| *column == path.column.text);
    let column =
        column.ok_or_else(|| Failure { code: "InvalidColumnName", token: path.column.clone() })?;
    Ok(Place { column, members: &path.members })
}

fn holds(value: &Value, wanted: &Comparison) -> bool {
    let is = *value == wanted.literal;
    let is_like = || match (value, &wanted.literal) {
        (Value::String(one), Value::String(other)) => one.to_lowercase() == other.to_lowercase(),
        _ => is,
    };
    match wanted.operator {
        Operator::Is => is,
        Operator::IsNot => !is,
        Operator::IsLike => is_like(),
        Operator::IsNotLike => !is_like(),
    }
}

/// Orders strings and numbers; values without an order come first and keep their positions.
fn order_of(one: &Value, other: &Value) -> Ordering {
    match (one, other) {
        (Value::String(one), Value::String(other)) => one.cmp(other),
        (Value::Number(one), Value::Number(other)) => {
            one.as_f64().partial_cmp(&other.as_f64()).unwrap_or(Ordering::Equal)
        }
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        _ => rank(one).cmp(&rank(other)),
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
    }
}

/// The name of a column's type.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Null | Value::Array(_) | Value::Object(_) => "object",
    }
}
