//! Rows as a table for people or as comma-separated values for programs.

use std::io::{self, IsTerminal};

use akv_core::text::printable;
use anyhow::Result;
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};

use super::print;

/// Columns without lines, as kubectl prints them.
pub(super) fn print_table(
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<()> {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.iter().map(|name| name.to_uppercase()));
    for row in rows {
        table.add_row(row.iter().map(|field| printable(field)));
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim().to_owned()).collect();
    print(&lines.join("\n"))
}

/// One line of comma-separated values (RFC 4180). A field that a spreadsheet would take for a
/// formula is made text by an apostrophe: tags and names come from outside. A terminal does not get
/// what could mislead it; a file gets every character as it is.
pub(crate) fn print_csv<'a>(fields: impl IntoIterator<Item = &'a str>) -> Result<()> {
    if io::stdout().is_terminal() {
        let fields: Vec<_> = fields.into_iter().map(printable).collect();
        print(&csv_line(fields.iter().map(AsRef::as_ref)))
    } else {
        print(&csv_line(fields))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_quotes_what_needs_it_and_disarms_formulas() {
        assert_eq!(
            csv_line(["a", "b,c", "say \"x\"", "=1+1", "", "\n=1+1", "a\r\nb"]),
            "a,\"b,c\",\"say \"\"x\"\"\",'=1+1,,\"'\n=1+1\",\"a\r\nb\""
        );
    }
}
