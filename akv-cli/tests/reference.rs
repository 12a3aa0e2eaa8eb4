//! The pages of `docs/reference/` match the source.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a missing prerequisite fails the test"
)]

mod program;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use akv_testkit::pki::{TestPki, openssl_pfx};
use akv_testkit::{DenyRule, Operation};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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
        "akv-cli/src/args/common.rs",
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
        // Read by the crates for terminals and OTLP.
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

/// The first example under a heading.
fn example(page: &str, heading: &str) -> Value {
    let section = page.split(&format!("\n## {heading}\n")).nth(1).expect(heading);
    let text = section.split("```json\n").nth(1).expect("an example");
    serde_json::from_str(text.split("```").next().expect("its end")).expect(heading)
}

/// Every member of a document by its path and type; the items of a list are combined.
fn members(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    found.insert(format!("{path}: {kind}"));
    match value {
        // Users choose the names of a certificate's tags.
        Value::Object(_) if path.rsplit('.').next() == Some("tags") => {}
        Value::Object(object) => {
            for (name, value) in object {
                members(value, &format!("{path}.{name}"), found);
            }
        }
        Value::Array(items) => {
            for item in items {
                members(item, &format!("{path}[]"), found);
            }
        }
        _ => {}
    }
}

/// Compares the example under the heading with a printed document.
fn check(page: &str, heading: &str, printed: &Value) {
    let (mut expected, mut found) = (BTreeSet::new(), BTreeSet::new());
    members(&example(page, heading), "", &mut expected);
    members(printed, "", &mut found);
    let differing: Vec<_> = expected.symmetric_difference(&found).collect();
    assert!(differing.is_empty(), "{heading}: {differing:#?} of {printed:#}");
}

/// A fake Azure and its printed documents.
struct Examples {
    fake: Fake,
    page: String,
}

impl Examples {
    fn new(page_name: &str, fake: Fake) -> Self {
        Self { fake, page: page(page_name) }
    }

    fn printed(&self, args: &[&str]) -> Value {
        let run = self.fake.akv().args(args).args(["-o", "json"]).run();
        serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{args:?}: {}", run.both()))
    }

    fn check(&self, heading: &str, args: &[&str]) {
        check(&self.page, heading, &self.printed(args));
    }

    fn add<'a>(&self, alias: &'a str, more: &[&'a str]) -> Vec<String> {
        let fixture = openssl_pfx("web-v1").expect("a fixture");
        let pfx = self.fake.file("web.pfx", fixture.pfx);
        let password = self.fake.file("password", fixture.password);
        let args =
            ["add", "contoso", "--alias", alias, "--pfx", &pfx, "--password-file", &password];
        args.iter().chain(more).map(|arg| (*arg).to_owned()).collect()
    }

    fn vault(&self, name: &str) -> String {
        let cloud = &self.fake.cloud;
        format!("{}:{}:{name}", cloud.subscription_id(), cloud.resource_group())
    }

    fn job(&self, capability: &str, more: &Value, args: &[&str]) -> Value {
        let cloud = &self.fake.cloud;
        let mut job = json!({
            "Capability": capability,
            "JobHistoryId": 42,
            "ServerUsername": cloud.client_id(),
            "ServerPassword": cloud.client_secret(),
            "ClientMachine": cloud.tenant_id(),
            "CertificateStoreDetails": {
                "ClientMachine": cloud.tenant_id(),
                "StorePath": self.vault("contoso"),
                "Properties": "{}",
            },
        });
        job.as_object_mut().expect("an object").extend(more.as_object().expect("more").clone());
        let akv = program::akv().arg("job").args(args).arg("--cloud-file");
        let run = akv.arg(self.fake.path("cloud.json")).stdin(job.to_string()).run();
        serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{job}: {}", run.both()))
    }
}

fn words(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

#[test]
fn examples_of_reading_have_the_printed_members() {
    let of = Examples::new("json.md", Fake::with_vault());
    of.printed(&words(&of.add("web", &["--tag", "owner=pki"])));
    of.printed(&words(&of.add("denied", &[])));
    of.fake.cloud.deny(DenyRule::of(Operation::GetCertificate).named("denied"));
    of.check("`akv inventory`", &["inventory", "contoso"]);
    let two = ["inventory", "contoso", "fabrikam", "--deadline", "2"];
    of.check("`akv inventory` of several vaults", &two);
    of.check("`akv show`", &["show", "contoso", "--alias", "web", "--versions"]);
    let tenants = format!("{},other.contoso.com", of.fake.cloud.tenant_id());
    of.check("`akv discover`", &["discover", "--tenant", &tenants]);
    of.fake.cloud.deny(Operation::ListCertificates);
    of.check("`akv doctor`", &["doctor", "contoso"]);
    of.printed(&["remove", "contoso", "--alias", "web"]);
    of.check("`akv list-deleted`", &["list-deleted", "contoso"]);
    let legacy = format!("{}/ossl-legacy-rsa2048.pfx", program::FIXTURES);
    let password = of.fake.file("legacy", "Pässw0rd!");
    of.check("`akv check`", &["check", "--pfx", &legacy, "--password-file", &password]);
    of.check("`akv check` of a file that cannot be read", &["check", "--pfx", &legacy]);
    of.check("`akv store-type`", &["store-type"]);
    of.check("`akv store-type --for command`", &["store-type", "--for", "command"]);
}

#[test]
fn examples_of_changes_have_the_printed_members() {
    let of = Examples::new("json.md", Fake::with_vault());
    of.check("`--dry-run`", &words(&of.add("web", &["--dry-run"])));
    of.check("`akv add`", &words(&of.add("web", &[])));
    of.check("`akv remove`", &["remove", "contoso", "--alias", "web"]);
    of.check("`akv recover`", &["recover", "contoso", "--alias", "web"]);
    of.printed(&["remove", "contoso", "--alias", "web"]);
    of.check("`akv purge`", &["purge", "contoso", "--alias", "web"]);
    of.check("`akv create`", &["create", &of.vault("fabrikam")]);
    let request = ["request", "contoso", "--alias", "mail", "--dns", "mail.contoso.com"];
    of.check("`--dry-run`", &[&request[..], &["--dry-run"]].concat());
    let requested = of.printed(&request);
    check(&of.page, "`akv request`", &requested);
    let request = pem::parse(requested["request"].as_str().expect("a request")).expect("PEM");
    let pki = TestPki::new(of.fake.cloud.clock().now());
    let issued = pki.sign(request.contents()).expect("signed");
    let issued: Vec<_> = issued.into_iter().map(|der| pem::Pem::new("CERTIFICATE", der)).collect();
    let issued = of.fake.file("issued.pem", pem::encode_many(&issued));
    of.check("`akv merge`", &["merge", "contoso", "--alias", "mail", "--pem", &issued]);
    of.printed(&["request", "contoso", "--alias", "vpn", "--dns", "vpn.contoso.com"]);
    of.check("`akv cancel`", &["cancel", "contoso", "--alias", "vpn"]);
    of.fake.cloud.deny(Operation::DeleteCertificate);
    of.check("A failed change", &["remove", "contoso", "--alias", "mail"]);
}

#[test]
fn examples_of_jobs_have_the_printed_members() {
    let of = Examples::new("json.md", Fake::with_vault());
    let file = openssl_pfx("web-v1").expect("a fixture");
    let added = json!({
        "OperationType": 2,
        "JobProperties": {"CertificateTags": "{\"owner\": \"pki\"}"},
        "JobCertificate": {
            "Alias": "web",
            "Contents": STANDARD.encode(file.pfx),
            "PrivateKeyPassword": file.password,
        },
    });
    let management = |args: &[&str]| of.job("CertStores.AKV.Management", &added, args);
    check(&of.page, "`akv job --dry-run`", &management(&["--dry-run"]));
    check(&of.page, "`akv job`", &management(&[]));
    let inventory = of.job("CertStores.AKV.Inventory", &json!({}), &[]);
    check(&of.page, "`akv job` of an inventory", &inventory);
    let dirs = json!({"JobProperties": {"dirs": of.fake.cloud.tenant_id()}});
    let discovery = of.job("CertStores.AKV.Discovery", &dirs, &[]);
    check(&of.page, "`akv job` of a discovery", &discovery);
}

#[test]
fn example_of_a_report_has_the_printed_members() {
    let of = Examples::new("report.md", Fake::with_vault());
    let record = |name: &str, expires: &str, thumbprint: char| {
        let thumbprint: String = std::iter::repeat_n(thumbprint, 40).collect();
        json!({
            "name": name, "version": "0".repeat(32), "thumbprint": thumbprint, "enabled": true,
            "notBefore": "2025-11-23T10:00:00Z", "expires": expires,
            "created": "2025-11-23T10:00:00Z", "updated": "2025-11-23T10:00:00Z",
            "privateKey": true, "keyType": "RSA", "exportable": true, "tags": {},
            "certificates": [], "subject": format!("CN={name}.contoso.com"), "issuer": "CN=CA",
            "serialNumber": "01", "dnsNames": [], "keySize": 2048, "curve": null,
            "storePath": "contoso",
        })
    };
    let expired = record("web-01", "2025-11-24T10:00:00Z", 'A');
    let failed = json!({"storePath": "fabrikam", "error": "denied"});
    let lines = |renewed: Value| format!("{expired}\n{renewed}\n{failed}\n");
    let now = lines(record("mail", "2099-12-01T00:00:00Z", 'B'));
    let before = lines(record("mail", "2098-12-01T00:00:00Z", 'C'));
    let now = of.fake.file("now.jsonl", now);
    let before = of.fake.file("before.jsonl", before);
    let report = ["report", "--from", &now, "--since", &before, "--stale", "36500"];
    check(&of.page, "Example", &of.printed(&report));
}

#[test]
fn every_command_has_an_example() {
    let page = page("json.md");
    let help = program::akv().arg("--help").run().stdout;
    let commands = help.split("Commands:\n").nth(1).expect("commands");
    let commands = commands.lines().map_while(|line| line.strip_prefix("  "));
    let own = ["help", "completions", "man", "demo"];
    let commands: Vec<&str> = commands
        .filter_map(|line| line.split(' ').next())
        .filter(|name| !name.is_empty() && !own.contains(name))
        .collect();
    assert_eq!(commands.len(), 17, "{commands:?}");
    for command in commands {
        assert!(page.contains(&format!("\n## `akv {command}`\n")), "{command}");
    }
}
