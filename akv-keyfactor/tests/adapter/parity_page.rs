//! `docs/parity.md` has every row.

use std::fs;
use std::path::Path;

fn page() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/parity.md");
    fs::read_to_string(page).expect("the page")
}

/// The cells of every row of every table, but for headers and rules.
fn rows(page: &str) -> Vec<Vec<&str>> {
    page.lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").collect::<Vec<_>>())
        .filter(|cells| cells[0] != "Row")
        .collect()
}

#[test]
fn every_row_is_on_the_page() {
    let page = page();
    let expected: Vec<String> = [
        ("I", 10),
        ("M", 4),
        ("A", 12),
        ("R", 4),
        ("C", 4),
        ("V", 6),
        ("D", 8),
        ("S", 3),
        ("O", 4),
    ]
    .iter()
    .flat_map(|(letter, count)| (1..=*count).map(move |number| format!("{letter}{number}")))
    .collect();
    let found: Vec<&str> = rows(&page).iter().map(|cells| cells[0]).collect();
    assert_eq!(found, expected);
    assert!(rows(&page).iter().all(|cells| cells.len() == 4), "four cells a row");
}
