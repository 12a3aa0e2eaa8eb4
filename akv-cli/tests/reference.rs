//! The pages of `docs/reference/` say what the source says.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test cannot go on without ends it"
)]

mod program;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use akv_testkit::pki::openssl_pfx;
use akv_testkit::{DenyRule, Operation};
use program::fake::Fake;
use serde_json::{Value, json};

fn page(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference");
    fs::read_to_string(root.join(name)).expect("the page")
}

fn source(file: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(root.join(file)).expect("a source");
    text.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}

/// The first cells of the page's table.
fn rows(page: &str) -> BTreeSet<String> {
    let cells = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let named = cells.flat_map(|cell| cell.split(", ")).map(|cell| cell.trim_matches('`'));
    let heads = ["code", "variable", "setting"];
    named.filter(|cell| !heads.contains(cell)).map(str::to_owned).collect()
}

fn strings(source: &str) -> impl Iterator<Item = &str> {
    source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split('"').skip(1).step_by(2))
}

#[test]
fn every_exit_code_is_in_the_reference() {
    let exit = source("akv-cli/src/exit.rs");
    let signal = source("akv-cli/src/command/signal.rs");
    let codes = |text: &str, before: &str| -> Vec<String> {
        let found = text.split(before).skip(1);
        found
            .map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>())
            .filter(|code| !code.is_empty())
            .collect()
    };
    let from_source: BTreeSet<String> = codes(&exit, "=> ")
        .into_iter()
        .chain(codes(&exit, "USAGE: u8 = "))
        .chain(codes(&signal, "INTERRUPTED: i32 = "))
        .collect();
    assert_eq!(from_source, rows(&page("exit-codes.md")));
    assert_eq!(from_source.len(), 7);
}

#[test]
fn every_variable_is_in_the_reference() {
    let files = [
        "akv-cli/src/args.rs",
        "akv-cli/src/command/job.rs",
        "akv-cli/src/wiring.rs",
        "akv-cli/src/settings.rs",
        "akv-cli/src/render/table.rs",
        "akv-cli/src/progress.rs",
        "akv-cli/src/telemetry/variables.rs",
        "akv-azure/src/transport/proxy.rs",
    ];
    let sources = files.map(source);
    let is_variable = |text: &&str| {
        let upper = text.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        let starts = ["AKV_", "AZURE_", "NO_", "HTTPS_", "ALL_", "OTEL_"];
        let proxy = ["https_proxy", "all_proxy", "no_proxy"].contains(text);
        let named = starts.iter().any(|start| text.starts_with(start));
        proxy || (upper && (named || *text == "TERM") && !text.ends_with('_'))
    };
    let used: BTreeSet<String> = sources
        .iter()
        .flat_map(|text| strings(text))
        .filter(is_variable)
        // Read by the crates that know terminals and OTLP.
        .chain(["NO_COLOR", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_RESOURCE_ATTRIBUTES"])
        .map(str::to_owned)
        .collect();
    assert_eq!(used, rows(&page("environment.md")));
}

#[test]
fn every_setting_is_in_the_reference() {
    let settings = source("akv-cli/src/settings.rs");
    let list = settings.split("const NAMES").nth(1).expect("the list");
    let list = list.split("];").next().expect("its end");
    let names: BTreeSet<String> = strings(list).map(str::to_owned).collect();
    assert_eq!(names, rows(&page("settings.md")));
}

/// The example under a heading.
fn example(page: &str, command: &str) -> Value {
    let section = page.split(&format!("\n## `{command}`\n")).nth(1).expect(command);
    let text = section.split("```json\n").nth(1).expect("an example");
    serde_json::from_str(text.split("```").next().expect("its end")).expect(command)
}

/// Every member of a document by its path; of a list, those of all its items.
fn members(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        // A certificate's tags are not ours to name.
        Value::Object(_) if path.rsplit('.').next() == Some("tags") => {}
        Value::Object(object) => {
            for (name, value) in object {
                let path = format!("{path}.{name}");
                members(value, &path, found);
                found.insert(path);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| members(item, path, found)),
        _ => {}
    }
}

#[test]
fn every_example_has_the_members_that_are_printed() {
    let fake = Fake::with_vault();
    let page = page("json.md");
    let fixture = openssl_pfx("web-v1").expect("a fixture");
    let pfx = fake.file("web.pfx", fixture.pfx);
    let password = fake.file("password", fixture.password);
    let file = ["--pfx", &pfx, "--password-file", &password];
    let printed = |args: &[&str]| -> Value {
        let run = fake.akv().args(args).args(["-o", "json"]).run();
        serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{args:?}: {}", run.both()))
    };
    let check = |command: &str, printed: &Value| {
        let (mut expected, mut found) = (BTreeSet::new(), BTreeSet::new());
        members(&example(&page, command), "", &mut expected);
        members(printed, "", &mut found);
        assert_eq!(found, expected, "{command}");
    };
    check("akv add", &printed(&[&["add", "contoso", "--alias", "web"], &file[..]].concat()));
    printed(&[&["add", "contoso", "--alias", "denied"], &file[..]].concat());
    fake.cloud.deny(DenyRule::of(Operation::GetCertificate).named("denied"));
    check("akv inventory", &printed(&["inventory", "contoso"]));
    check("akv show", &printed(&["show", "contoso", "--alias", "web", "--versions"]));
    let legacy = format!("{}/ossl-legacy-rsa2048.pfx", program::FIXTURES);
    let legacy_password = fake.file("legacy", "Pässw0rd!");
    check("akv check", &printed(&["check", "--pfx", &legacy, "--password-file", &legacy_password]));
    check("akv discover", &printed(&["discover", "--tenant", &two_tenants(&fake)]));
    printed(&["remove", "contoso", "--alias", "web"]);
    check("akv list-deleted", &printed(&["list-deleted", "contoso"]));
    fake.cloud.deny(Operation::DeleteCertificate);
    check("akv remove", &printed(&["remove", "contoso", "--alias", "denied"]));
    let request = ["request", "contoso", "--alias", "new", "--subject", "CN=www.contoso.com"];
    check("akv request --dry-run", &printed(&[&request[..], &["--dry-run"]].concat()));
    check("akv request", &printed(&request));
    let job = fake.akv().arg("job").stdin(json!({"JobHistoryId": 42}).to_string()).run();
    check("akv job", &serde_json::from_str(&job.stdout).expect("a result"));
    let planned = fake.akv().args(["job", "--dry-run"]).stdin(reenrollment(&fake)).run();
    check("akv job --dry-run", &serde_json::from_str(&planned.stdout).expect("a plan"));
}

fn reenrollment(fake: &Fake) -> String {
    json!({
        "Capability": "CertStores.AKV.Reenrollment",
        "JobHistoryId": 42,
        "ServerUsername": fake.cloud.client_id(),
        "ServerPassword": fake.cloud.client_secret(),
        "CertificateStoreDetails": {
            "ClientMachine": fake.cloud.tenant_id(), "StorePath": "contoso", "Properties": "{}",
        },
        "JobProperties": {"subjectText": "CN=www.contoso.com"},
        "Alias": "other",
    })
    .to_string()
}

/// The fake's own, and one that it does not know.
fn two_tenants(fake: &Fake) -> String {
    format!("{},other.contoso.com", fake.cloud.tenant_id())
}
