//! Rows as a table for people or as comma-separated values for programs.

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
        table.add_row(row.iter().map(|field| visible(field)));
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim().to_owned()).collect();
    print(&lines.join("\n"))
}

/// One line of comma-separated values (RFC 4180). A field that a spreadsheet would take for a
/// formula is made text by an apostrophe: tags and names come from outside.
pub(super) fn csv_line<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let fields: Vec<String> = fields.into_iter().map(csv_field).collect();
    fields.join(",")
}

fn csv_field(field: &str) -> String {
    let guarded = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{field}")
    } else {
        field.to_owned()
    };
    if guarded.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

/// Control characters could move the cursor of whoever looks, or turn what is read around.
fn visible(field: &str) -> String {
    let misleads = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    field.chars().map(|c| if misleads(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_quotes_what_needs_it_and_disarms_formulas() {
        assert_eq!(
            csv_line(["a", "b,c", "say \"x\"", "=1+1", ""]),
            "a,\"b,c\",\"say \"\"x\"\"\",'=1+1,"
        );
    }

    #[test]
    fn control_characters_do_not_reach_a_terminal() {
        assert_eq!(visible("a\u{1b}[2Jb"), "a\u{fffd}[2Jb");
        assert_eq!(visible("web\u{202e}moc"), "web\u{fffd}moc");
    }
}
