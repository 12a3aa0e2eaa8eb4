//! Snapshots of the results and the warnings of each command.

#![allow(clippy::expect_used, clippy::panic, reason = "a missing prerequisite fails the test")]

mod program;

use std::fmt::Write as _;

use akv_testkit::pki::{TestPki, openssl_pfx};
use akv_testkit::{DenyRule, FakeCloud, Operation};
use program::fake::Fake;
use program::{FIXTURES, Run, normalized};
use serde_json::json;

/// The command, its exit code and its output.
struct Transcript {
    fake: Fake,
    text: String,
}

impl Transcript {
    fn new(fake: Fake) -> Self {
        Self { fake, text: String::new() }
    }

    fn run(&mut self, args: &[&str]) -> Run {
        let run = self.fake.akv().args(args).run();
        self.record(args, &run);
        run
    }

    fn record(&mut self, args: &[&str], run: &Run) {
        let shown: Vec<_> =
            args.iter().map(|arg| arg.rsplit(['/', '\\']).next().unwrap_or(arg)).collect();
        let command = format!("$ akv {}\n", shown.join(" "));
        self.text += &(normalized(&command) + &self.of_any_run(&run.stdout));
        for line in run.stderr.lines() {
            let line = self.of_any_run(line);
            writeln!(self.text, "! {line}").expect("written");
        }
        writeln!(self.text, "exit code {}\n", run.code).expect("written");
    }

    /// Without the port of the fake, its folder and other values that differ between runs.
    fn of_any_run(&self, text: &str) -> String {
        let folder = self.fake.path("").to_string_lossy().into_owned();
        let text = normalized(&text.replace(&folder, "")).replace(&FIXTURES.replace('\\', "/"), "");
        let port = self.fake.proxy_url().rsplit(':').next().unwrap_or_default().to_owned();
        let missing = std::fs::read("/no/such/file").expect_err("no file").to_string();
        let text = text.replace(&missing, "SYSTEM ERROR");
        // The header `Date` has whole seconds, so a slow run can be a second ahead of it.
        text.replace(&port, "PORT").replace("is 1 s ahead of the service", "is correct")
    }

    fn file(&self, name: &str) -> (String, String) {
        let fixture = openssl_pfx(name).expect("a fixture");
        let pfx = self.fake.file(&format!("{name}.pfx"), fixture.pfx);
        (pfx, self.fake.file("password", fixture.password))
    }

    fn vault(&self, name: &str) -> String {
        let cloud = &self.fake.cloud;
        format!("{}:{}:{name}", cloud.subscription_id(), cloud.resource_group())
    }
}

#[test]
fn results_and_warnings_of_changes_are_printed() {
    let mut it = Transcript::new(Fake::with_vault());
    let (old, password) = it.file("web-v1");
    let (new, _) = it.file("web-v2");
    let add = |pfx: &str, more: &[&str]| -> Vec<String> {
        let args = ["add", "contoso", "--alias", "web", "--pfx", pfx, "--password-file", &password];
        args.iter().chain(more).map(|arg| (*arg).to_owned()).collect()
    };
    for args in [
        add(&old, &["--dry-run"]),
        add(&old, &["--tag", "owner=pki"]),
        add(&new, &[]),
        add(&new, &["--overwrite"]),
        add(&new, &["--overwrite"]),
        add(&new, &["--overwrite", "--non-exportable"]),
    ] {
        it.run(&args.iter().map(String::as_str).collect::<Vec<_>>());
    }
    it.run(&["remove", "contoso", "--alias", "web", "--dry-run"]);
    it.run(&["remove", "contoso", "--alias", "web"]);
    it.run(&["remove", "contoso", "--alias", "web"]);
    it.run(&["show", "contoso", "--alias", "web"]);
    it.run(&["recover", "contoso", "--alias", "web"]);
    it.run(&["recover", "contoso", "--alias", "web"]);
    it.run(&["purge", "contoso", "--alias", "web"]);
    it.run(&["remove", "contoso", "--alias", "web", "--purge"]);
    it.run(&["purge", "contoso", "--alias", "web"]);
    it.run(&["recover", "contoso", "--alias", "web"]);
    let fabrikam = it.vault("fabrikam");
    it.run(&["create", &fabrikam, "--dry-run"]);
    it.run(&["create", &fabrikam]);
    it.run(&["create", &fabrikam]);
    insta::assert_snapshot!(it.text);
}

#[test]
fn results_and_warnings_of_requests_are_printed() {
    let mut it = Transcript::new(Fake::with_vault());
    let request = ["request", "contoso", "--alias", "mail", "--dns", "mail.contoso.com"];
    let csr = it.fake.akv().args(request).run();
    // The request has a new key each time.
    it.record(&request, &Run { stdout: "PEM\n".to_owned(), ..csr.clone() });
    let again = it.fake.akv().args(request).run();
    it.record(&request, &Run { stdout: "PEM\n".to_owned(), ..again });
    let csr = pem::parse(&csr.stdout).expect("PEM");
    let pki = TestPki::new(it.fake.cloud.clock().now());
    let issued = pki.sign(csr.contents()).expect("signed");
    let issued: Vec<_> = issued.into_iter().map(|der| pem::Pem::new("CERTIFICATE", der)).collect();
    let issued = it.fake.file("issued.pem", pem::encode_many(&issued));
    it.run(&["cancel", "contoso", "--alias", "web"]);
    for _ in 0..2 {
        let merged = it.fake.akv().args(["merge", "contoso", "--alias", "mail", "--pem", &issued]);
        let merged = merged.run();
        it.record(&["merge", "contoso", "--alias", "mail", "--pem", "issued.pem"], &merged);
    }
    it.run(&request);
    let vpn = ["request", "contoso", "--alias", "vpn", "--dns", "vpn.contoso.com"];
    assert_eq!(it.fake.akv().args(vpn).run().code, 0);
    it.run(&["merge", "contoso", "--alias", "vpn", "--pem", &issued]);
    it.run(&["cancel", "contoso", "--alias", "vpn"]);
    insta::assert_snapshot!(it.text);
}

#[test]
fn results_and_warnings_of_reading_are_printed() {
    let two = FakeCloud::builder().vault("contoso").vault("fabrikam");
    let mut it = Transcript::new(Fake::new(two));
    it.run(&["inventory", "contoso"]);
    it.run(&["list-deleted", "contoso"]);
    let (pfx, password) = it.file("web-v1");
    for alias in ["web", "mail"] {
        let add = ["add", "contoso", "--alias", alias, "--pfx", &pfx, "--password-file", &password];
        assert_eq!(it.fake.akv().args(add).run().code, 0);
    }
    it.run(&["discover"]);
    let tenants = format!("{},other.contoso.com", it.fake.cloud.tenant_id());
    it.run(&["discover", "--tenant", &tenants]);
    // Only one store has a message: the stores end in any order.
    it.fake.cloud.deny(DenyRule::of(Operation::ListCertificates).in_vault("fabrikam"));
    it.run(&["inventory", "contoso", "fabrikam", "-o", "csv"]);
    it.fake.cloud.deny(DenyRule::of(Operation::GetCertificate).named("mail"));
    it.run(&["inventory", "contoso", "-o", "csv"]);
    it.fake.cloud.deny(Operation::ListCertificates);
    it.run(&["inventory", "contoso"]);
    let store = it.vault("contoso");
    it.run(&["doctor", &store]);
    insta::assert_snapshot!(it.text);
}

#[test]
fn results_of_checking_a_file_are_printed() {
    let mut it = Transcript::new(Fake::with_vault());
    let password = it.fake.file("password", "Pässw0rd!");
    let wrong = it.fake.file("wrong", "wrong");
    let issuer = it.fake.file("text.pfx", "no certificate");
    for (file, password) in [
        (format!("{FIXTURES}/ossl-modern-rsa2048.pfx"), &password),
        (format!("{FIXTURES}/ossl-legacy-rsa2048.pfx"), &password),
        (format!("{FIXTURES}/ossl-modern-rsa2048.pfx"), &wrong),
        (format!("{FIXTURES}/ossl-certonly.pfx"), &password),
        (format!("{FIXTURES}/hostile-trunc.pfx"), &password),
        (format!("{FIXTURES}/hostile-mac-100M.pfx"), &password),
        (issuer, &password),
        ("/no/such/file".to_owned(), &password),
    ] {
        it.run(&["check", "--pfx", &file, "--password-file", password]);
    }
    insta::assert_snapshot!(it.text);
}

#[test]
fn wrong_command_lines_are_answered() {
    let mut it = Transcript::new(Fake::with_vault());
    for args in [
        &["inventory"][..],
        &["inventory", "contoso", "--all"],
        &["inventory", "--all", "--tenant", ""],
        &["inventory", "contoso", "--vault-name", "x"],
        &["inventory", "contoso", "--subscription", "11111111-2222-3333-4444-555555555555"],
        &["inventory", "a--b"],
        &["inventory", "contoso", "-o", "pem"],
        &["inventory", "contoso", "--identity", "workload"],
        &["add", "contoso", "--pfx", "x", "--force"],
        &["add", "contoso", "--pfx", "x", "--password", "x"],
        &["add", "contoso", "--pfx", "-", "--password-stdin"],
        &["add", "contoso", "--pfx", "-", "--tag", "a=1", "--tag", "a=2"],
        &["show", "contoso", "--name", "web"],
        &["show", "contoso", "--alias", "web", "--chain", "-o", "der"],
        &["job", "--tenant", "a.example,b.example"],
        &["report"],
        &["create", "contoso"],
    ] {
        it.run(args);
    }
    let run = program::akv().args(["inventory", "contoso"]).run();
    it.record(&["inventory", "contoso"], &run);
    insta::assert_snapshot!(it.text);
}

#[test]
fn results_of_jobs_are_printed() {
    let mut it = Transcript::new(Fake::with_vault());
    let management = |operation: u8, alias: &str| {
        json!({
            "Capability": "CertStores.AKV.Management",
            "JobHistoryId": 42,
            "OperationType": operation,
            "ServerUsername": it.fake.cloud.client_id(),
            "ServerPassword": it.fake.cloud.client_secret(),
            "JobCertificate": {"Alias": alias, "Contents": "", "PrivateKeyPassword": null},
            "CertificateStoreDetails": {
                "ClientMachine": it.fake.cloud.tenant_id(),
                "StorePath": it.vault("contoso"),
                "Properties": "{}",
            },
        })
    };
    let mut secret = management(3, "web");
    secret["ServerPassword"] = json!("{\"env\": \"SECRET\"}");
    let jobs = [
        ("empty", String::new()),
        ("text", "text".to_owned()),
        ("list", "[]".to_owned()),
        ("no-capability", "{\"JobHistoryId\": 42}".to_owned()),
        ("remove", management(3, "web").to_string()),
        ("add-without-contents", management(2, "web").to_string()),
        ("unknown-operation", management(9, "web").to_string()),
        ("secret", secret.to_string()),
    ];
    for (name, configuration) in jobs {
        let akv = program::akv().arg("job").arg("--cloud-file").arg(it.fake.path("cloud.json"));
        let run = akv.stdin(configuration).run();
        it.record(&["job", name], &run);
    }
    insta::assert_snapshot!(it.text);
}
