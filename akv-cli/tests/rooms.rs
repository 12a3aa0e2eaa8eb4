//! Rooms: the modules directly under a crate's `src`. Imports between them are acyclic, and a
//! `mod.rs` only declares and re-exports. Checked in the source text, as `docs/architecture.md`
//! promises.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a missing prerequisite fails the test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The checked crates.
const CRATES: [&str; 5] = ["akv-core", "akv-azure", "akv-keyfactor", "akv-testkit", "akv-cli"];

/// Lines of code, without comments, blank lines and tests.
const MOST_LINES_OF_A_MOD_RS: usize = 120;

#[test]
fn no_rooms_import_each_other_in_a_circle() {
    for name in CRATES {
        let house = Crate::read(name);
        if let Some(circle) = house.circle() {
            panic!("{name}: these rooms import each other in a circle: {circle:#?}");
        }
    }
}

#[test]
fn every_mod_rs_declares_and_re_exports() {
    for name in CRATES {
        for (path, source) in sources(&folder(name)) {
            let lines = code(&source).lines().filter(|line| !line.trim().is_empty()).count();
            assert!(
                !path.ends_with("mod.rs") || lines <= MOST_LINES_OF_A_MOD_RS,
                "{} has {lines} lines of code, more than {MOST_LINES_OF_A_MOD_RS}",
                path.display()
            );
        }
    }
}

#[test]
fn the_reader_of_imports_sees_every_form() {
    let rooms = ["one", "two", "three"].map(str::to_owned).into();
    let root = BTreeMap::from([("Name".to_owned(), "three".to_owned())]);
    for (source, depth, seen) in [
        ("use crate::one::Thing;", 1, vec!["one"]),
        ("use crate::{one::Thing, two, Name};", 1, vec!["one", "three", "two"]),
        ("fn f() -> crate::Name {}", 1, vec!["three"]),
        ("use super::super::two::Thing;", 2, vec!["two"]),
        ("use super::two::Thing;", 2, vec![]),
        ("// crate::one\n/// [`crate::two`]\n", 1, vec![]),
        ("#[cfg(test)]\nmod tests {\n    use crate::one;\n}\n", 1, vec![]),
    ] {
        let found: Vec<_> = imports(&code(source), depth, &rooms, &root).into_iter().collect();
        assert_eq!(found, seen, "{source}");
    }
}

/// A crate's rooms, and the files with the imports between them.
struct Crate(BTreeMap<String, BTreeMap<String, BTreeSet<PathBuf>>>);

impl Crate {
    fn read(name: &str) -> Self {
        let folder = folder(name);
        let root = ["lib.rs", "main.rs"]
            .iter()
            .find_map(|file| fs::read_to_string(folder.join(file)).ok())
            .expect("a root");
        let files = sources(&folder);
        let room_of = |path: &Path| {
            let first = path.strip_prefix(&folder).ok()?.components().next()?;
            let first = first.as_os_str().to_str()?.trim_end_matches(".rs").to_owned();
            (!["lib", "main", "bin"].contains(&first.as_str())).then_some(first)
        };
        let rooms: BTreeSet<String> = files.iter().filter_map(|(path, _)| room_of(path)).collect();
        let exported = exports(&root);
        let mut graph: BTreeMap<_, BTreeMap<_, BTreeSet<_>>> = BTreeMap::new();
        for (path, source) in &files {
            let Some(from) = room_of(path) else { continue };
            // The number of `super` from the file to the root.
            let below = path.strip_prefix(&folder).map_or(0, |path| path.components().count());
            let depth = if path.ends_with("mod.rs") { below - 1 } else { below };
            for to in imports(&code(source), depth, &rooms, &exported) {
                if to != from {
                    let edge = graph.entry(from.clone()).or_default().entry(to).or_default();
                    edge.insert(path.clone());
                }
            }
        }
        Self(graph)
    }

    /// The edges of a cycle, each with its files.
    fn circle(&self) -> Option<Vec<(String, String, &BTreeSet<PathBuf>)>> {
        self.0.keys().find_map(|start| {
            let mut path = vec![start.clone()];
            self.way_back(start, &mut path, &mut BTreeSet::new()).then(|| {
                path.windows(2)
                    .map(|edge| (edge[0].clone(), edge[1].clone(), &self.0[&edge[0]][&edge[1]]))
                    .collect()
            })
        })
    }

    fn way_back(&self, to: &String, path: &mut Vec<String>, been: &mut BTreeSet<String>) -> bool {
        let here = path.last().cloned().unwrap_or_default();
        for next in self.0.get(&here).into_iter().flat_map(BTreeMap::keys) {
            path.push(next.clone());
            if next == to || (been.insert(next.clone()) && self.way_back(to, path, been)) {
                return true;
            }
            path.pop();
        }
        false
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src")
}

/// All source files except those that contain only tests.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|it| it == "rs") && !path.ends_with("tests.rs") {
            let text = fs::read_to_string(&path).expect("a source");
            found.push((path, text));
        }
    }
    found
}

/// The source without comments and without its tests, which are at the end.
fn code(source: &str) -> String {
    let code = source.find("#[cfg(test)]\nmod tests {").map_or(source, |at| &source[..at]);
    code.lines()
        .map(|line| line.split_once("//").map_or(line, |(code, _)| code))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The names that the root re-exports, and the room of each.
fn exports(root: &str) -> BTreeMap<String, String> {
    let code = code(root);
    let mut exported = BTreeMap::new();
    for item in code.split("use ").skip(1) {
        let item = item.split(';').next().unwrap_or_default();
        let Some((first, names)) = item.split_once("::") else { continue };
        for name in words(names) {
            exported.insert(name.to_owned(), first.trim().to_owned());
        }
    }
    exported
}

fn imports(
    code: &str,
    depth: usize,
    rooms: &BTreeSet<String>,
    exported: &BTreeMap<String, String>,
) -> BTreeSet<String> {
    let supers = "super::".repeat(depth);
    let mut found = BTreeSet::new();
    for start in ["crate::", supers.as_str()] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '$') {
                continue;
            }
            let rest = &code[at + start.len()..];
            for name in first_names(rest) {
                let room = rooms.get(name).or_else(|| exported.get(name));
                found.extend(room.filter(|room| rooms.contains(*room)).cloned());
            }
        }
    }
    found
}

/// The first segment of each path: `a::b` has `a`, `{a::b, c}` has `a` and `c`.
fn first_names(path: &str) -> Vec<&str> {
    let Some(group) = path.strip_prefix('{') else {
        return words(path).into_iter().take(1).collect();
    };
    let (mut depth, mut names, mut start) = (0_usize, Vec::new(), 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            ',' | '}' if depth == 0 => {
                names.extend(words(&group[start..at]).into_iter().take(1));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    names
}

fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect()
}
