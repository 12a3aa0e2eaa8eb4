//! The pages of `docs/` are correct: every test that a table names exists.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a missing prerequisite fails the test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// The last cell of every row of the tables whose last column names tests.
fn shown_by(page: &str) -> Vec<&str> {
    let mut is_shown = false;
    let mut cells = Vec::new();
    for line in page.lines() {
        let last = line.strip_prefix('|').and_then(|row| row.strip_suffix('|')?.rsplit('|').next());
        match last.map(str::trim) {
            None => is_shown = false,
            Some(head) if head.eq_ignore_ascii_case("shown by") => is_shown = true,
            Some(cell) if is_shown && !cell.starts_with("---") => cells.push(cell),
            Some(_) => {}
        }
    }
    cells
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The names of all tests of the workspace.
fn tests() -> BTreeSet<String> {
    let mut files = Vec::new();
    for folder in ["akv-core", "akv-azure", "akv-keyfactor", "akv-testkit", "akv-cli"] {
        rust_files(&workspace().join(folder), &mut files);
    }
    let mut names = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a source file");
        let mut is_test = false;
        for line in text.lines().map(str::trim_start) {
            if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                is_test = true;
            } else if let Some((_, function)) = line.split_once("fn ").filter(|_| is_test) {
                names.insert(function.split('(').next().unwrap_or_default().to_owned());
                is_test = false;
            }
        }
    }
    names
}

#[test]
fn every_test_that_is_named_exists() {
    let tests = tests();
    for (page, least) in [("parity.md", 50), ("azure.md", 15), ("architecture.md", 7)] {
        let text = fs::read_to_string(workspace().join("docs").join(page)).expect("the page");
        let cells = shown_by(&text);
        assert!(cells.len() >= least, "{page} has {} rows", cells.len());
        for cell in cells {
            let mut named = cell.split('`').skip(1).step_by(2).peekable();
            assert!(named.peek().is_some(), "{page} names no test in {cell:?}");
            for name in named {
                assert!(tests.contains(name), "{page} names {name}, which is not a test");
            }
        }
    }
}

/// The cells of every row of every table, without headers and rules.
fn rows(page: &str) -> Vec<Vec<&str>> {
    page.lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").collect::<Vec<_>>())
        .filter(|cells| cells[0] != "Row")
        .collect()
}

#[test]
fn every_row_is_on_the_page_of_parity() {
    let page = fs::read_to_string(workspace().join("docs/parity.md")).expect("the page");
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
