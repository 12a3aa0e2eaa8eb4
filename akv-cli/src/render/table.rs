//! Rows as a table for people or as comma-separated values for programs.

use std::io::{self, IsTerminal};

use akv_core::text::printable;
use anyhow::Result;
use comfy_table::presets::NOTHING;
use comfy_table::{Color, Column, ColumnConstraint, ContentArrangement, Table};

use super::print;
use crate::color;

/// The output device of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Screen {
    /// Rows are truncated to this many columns; a file or a pipe gets them complete.
    width: Option<u16>,
    color: bool,
}

impl Screen {
    /// The width and the color of the terminal.
    fn of_standard_output() -> Self {
        if !io::stdout().is_terminal() {
            return Self { width: None, color: false };
        }
        Self { width: Table::new().width(), color: color::is_shown_on(&io::stdout()) }
    }
}

/// A field of a table.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) tone: Tone,
}

/// The emphasis of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Warning,
    Bad,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, tone: Tone::Plain }
    }
}

/// Columns without lines, as in kubectl: one line per row, truncated to the width of the terminal.
pub(super) fn print_table<C: Into<Cell>>(
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<C>>,
) -> Result<()> {
    print(&table(header, rows, Screen::of_standard_output()))
}

/// The same without truncation: for sentences.
pub(super) fn print_whole_table<C: Into<Cell>>(
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<C>>,
) -> Result<()> {
    print(&table(header, rows, Screen { width: None, ..Screen::of_standard_output() }))
}

fn table<C: Into<Cell>>(
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<C>>,
    screen: Screen,
) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).force_no_tty();
    // A delimiter that no field contains: a long row is truncated at the last column, not at the
    // last word.
    table.set_truncation_indicator("…").set_delimiter(char::MIN);
    match screen.width {
        Some(width) => table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    if screen.color {
        table.enforce_styling();
    }
    let rows = rows.into_iter().map(|fields| fields.into_iter().map(Into::into).collect());
    for fields in std::iter::once(heading(header)).chain(rows) {
        let mut row = comfy_table::Row::from(fields.iter().map(shown).collect::<Vec<_>>());
        if screen.width.is_some() {
            row.max_height(1);
        }
        table.add_row(row);
    }
    let uncut =
        |column: &&mut Column| header.get(column.index).is_some_and(|it| UNCUT.contains(it));
    for column in table.column_iter_mut().filter(uncut) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim().to_owned()).collect();
    lines.join("\n")
}

fn heading(header: &[&str]) -> Vec<Cell> {
    header.iter().map(|name| name.to_uppercase().into()).collect()
}

fn shown(cell: &Cell) -> comfy_table::Cell {
    let shown = comfy_table::Cell::new(printable(&cell.text));
    match cell.tone {
        Tone::Plain => shown,
        Tone::Warning => shown.fg(Color::Yellow),
        Tone::Bad => shown.fg(Color::Red),
    }
}

/// One line of comma-separated values (RFC 4180). A field that a spreadsheet would interpret as a
/// formula gets an apostrophe, because tags and names come from outside. On a terminal, misleading
/// characters are replaced; a file gets every character unchanged.
pub(crate) fn print_csv<'a>(fields: impl IntoIterator<Item = &'a str>) -> Result<()> {
    print(&csv_for_stdout(fields))
}

/// The line that [`print_csv`] prints, without its end.
pub(super) fn csv_for_stdout<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    if io::stdout().is_terminal() {
        let fields: Vec<_> = fields.into_iter().map(printable).collect();
        csv_line(fields.iter().map(AsRef::as_ref))
    } else {
        csv_line(fields)
    }
}

fn csv_line<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let fields: Vec<String> = fields.into_iter().map(csv_field).collect();
    fields.join(",")
}

fn csv_field(field: &str) -> String {
    let guarded = if field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{field}")
    } else {
        field.to_owned()
    };
    if guarded.contains(|c: char| c == ',' || c == '"' || c.is_control()) {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

/// Columns that are never truncated, because they are the most important ones.
const UNCUT: [&str; 2] = ["expires", "state"];

/// A table for a terminal of that width, without color.
#[cfg(test)]
pub(super) fn lines(header: &[&str], rows: Vec<Vec<Cell>>, width: Option<u16>) -> Vec<String> {
    table(header, rows, Screen { width, color: false }).lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_quotes_fields_and_disarms_formulas() {
        assert_eq!(
            csv_line(["a", "b,c", "say \"x\"", "=1+1", "", "\n=1+1", "a\r\nb"]),
            "a,\"b,c\",\"say \"\"x\"\"\",'=1+1,,\"'\n=1+1\",\"a\r\nb\""
        );
    }

    fn rows() -> Vec<Vec<Cell>> {
        let row = |name: &str, state: &str, tone, issuer: &str| {
            let state = Cell { text: state.to_owned(), tone };
            vec![name.to_owned().into(), state, issuer.to_owned().into()]
        };
        vec![
            row("web", "enabled", Tone::Plain, "Contoso Issuing CA of the Western Region 2026"),
            row(&"long-".repeat(9), "expired", Tone::Bad, "a\nb\u{1b}[2Jc"),
        ]
    }

    fn shown(width: Option<u16>, color: bool) -> Vec<String> {
        let text = table(&["name", "state", "issuer"], rows(), Screen { width, color });
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn table_is_whole_in_a_pipe_and_cut_on_a_terminal() {
        let whole = shown(None, false).join("\n");
        assert!(whole.contains(&"long-".repeat(9)), "{whole}");
        assert!(whole.contains("Western Region 2026") && !whole.contains('…'), "{whole}");
        for width in [30, 50, 79] {
            let cut = shown(Some(width), false);
            assert_eq!(cut.len(), 3, "each row is one line: {cut:?}");
            assert!(cut.iter().all(|line| line.chars().count() <= width.into()), "{cut:?}");
            assert!(cut.iter().any(|line| line.contains('…')), "{cut:?}");
        }
        assert_eq!(shown(Some(200), false), shown(None, false));
    }

    #[test]
    fn table_has_color_only_if_allowed() {
        assert!(!shown(Some(79), false).join("").contains('\u{1b}'));
        let colored = shown(Some(200), true).join("\n");
        assert_eq!(colored.matches("\u{1b}[38;5;9m").count(), 1, "{colored:?}");
    }
}
