//! `docs/parity.md` is true: every row is there, and every test that it names.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn page() -> String {
    fs::read_to_string(workspace().join("docs/parity.md")).expect("the page")
}

/// The cells of every row of every table, but for headers and rules.
fn rows(page: &str) -> Vec<Vec<&str>> {
    page.lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").collect::<Vec<_>>())
        .filter(|cells| cells[0] != "Row")
        .collect()
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
fn every_row_is_on_the_page() {
    let page = page();
    let expected: Vec<String> =
        [("I", 10), ("M", 4), ("A", 12), ("R", 4), ("C", 4), ("V", 6), ("D", 8), ("S", 2)]
            .iter()
            .flat_map(|(letter, count)| (1..=*count).map(move |number| format!("{letter}{number}")))
            .collect();
    let found: Vec<&str> = rows(&page).iter().map(|cells| cells[0]).collect();
    assert_eq!(found, expected);
    assert!(rows(&page).iter().all(|cells| cells.len() == 4), "four cells a row");
}

#[test]
fn every_test_that_is_named_exists() {
    let page = page();
    let tests = tests();
    for row in rows(&page) {
        let named: Vec<&str> = row[3].split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "{} names no test", row[0]);
        for name in named {
            assert!(tests.contains(name), "{} names {name}, which is no test", row[0]);
        }
    }
}
