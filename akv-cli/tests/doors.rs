//! The allowed imports between crates: the table of `docs/architecture.md`, checked with `cargo
//! metadata`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a missing prerequisite fails the test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// The crates of the workspace that a crate may use.
const DOORS: [(&str, &[&str]); 5] = [
    ("akv-core", &[]),
    ("akv-azure", &["akv-core"]),
    ("akv-keyfactor", &["akv-core"]),
    ("akv-testkit", &["akv-core"]),
    ("akv-cli", &["akv-core", "akv-azure", "akv-keyfactor", "akv-testkit"]),
];

/// The crates that a crate must never use, not even indirectly.
const NEVER: [(&str, &[&str]); 4] = [
    (
        "akv-core",
        &["tokio", "reqwest", "hyper", "azure_core", "azure_identity", "serde_json", "clap"],
    ),
    ("akv-azure", &["clap", "axum", "wiremock", "akv-keyfactor", "akv-testkit"]),
    ("akv-keyfactor", &["reqwest", "hyper", "azure_core", "azure_identity", "clap", "akv-azure"]),
    ("akv-testkit", &["akv-azure", "akv-keyfactor", "azure_identity"]),
];

#[test]
fn no_door_is_open_that_is_not_in_the_table() {
    let workspace = Workspace::read();
    for (package, allowed) in DOORS {
        let ours: BTreeSet<&str> = workspace
            .direct(package)
            .filter(|name| DOORS.iter().any(|(ours, _)| ours == name))
            .collect();
        let strangers: Vec<_> = ours.iter().filter(|name| !allowed.contains(name)).collect();
        assert!(strangers.is_empty(), "{package} must not use {strangers:?}");
    }
}

#[test]
fn no_crate_reaches_a_forbidden_one() {
    let workspace = Workspace::read();
    for (package, never) in NEVER {
        let seen = workspace.reached(package);
        let forbidden: Vec<_> = never.iter().filter(|name| seen.contains(**name)).collect();
        assert!(forbidden.is_empty(), "{package} must not see {forbidden:?}");
    }
}

/// Normal dependencies by name, as Cargo resolved them.
struct Workspace(BTreeMap<String, BTreeSet<String>>);

impl Workspace {
    fn read() -> Self {
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--locked", "--offline"])
            .args(["--filter-platform", &host()])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo speaks JSON");
        let list = |value: &Value| value.as_array().expect("an array").clone();
        let text = |value: &Value| value.as_str().expect("a string").to_owned();
        let names: BTreeMap<String, String> = list(&metadata["packages"])
            .iter()
            .map(|package| (text(&package["id"]), text(&package["name"])))
            .collect();
        let nodes = list(&metadata["resolve"]["nodes"]);
        let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for node in &nodes {
            let normal = list(&node["deps"])
                .into_iter()
                .filter(|dep| list(&dep["dep_kinds"]).iter().any(|kind| kind["kind"].is_null()));
            used.entry(names[&text(&node["id"])].clone())
                .or_default()
                .extend(normal.map(|dep| names[&text(&dep["pkg"])].clone()));
        }
        Self(used)
    }

    fn direct(&self, package: &str) -> impl Iterator<Item = &str> {
        self.0.get(package).expect(package).iter().map(String::as_str)
    }

    fn reached(&self, package: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&str> = self.direct(package).collect();
        while let Some(name) = next.pop() {
            if seen.insert(name) {
                next.extend(self.0.get(name).into_iter().flatten().map(String::as_str));
            }
        }
        seen
    }
}

/// The build platform: only its crates are certainly downloaded.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let host = text.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    host.to_owned()
}
