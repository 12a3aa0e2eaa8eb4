//! `akv doctor`: every problem is reported with its remedy, and nothing is changed.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a missing prerequisite fails the test"
)]

mod program;

use std::fs;

use akv_testkit::{DenyRule, FakeCloud, Operation, Reason};
use program::Run;
use program::fake::Fake;
use serde_json::Value;

/// The checks by name.
fn checks(run: &Run) -> Vec<(String, String, String)> {
    let document: Value =
        serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("no JSON: {}", run.both()));
    let text = |check: &Value, member: &str| check[member].as_str().unwrap_or("").to_owned();
    let checks = document["checks"].as_array().expect("checks");
    checks
        .iter()
        .map(|check| {
            let message = format!("{} {}", text(check, "detail"), text(check, "hint"));
            (text(check, "name"), text(check, "status"), message)
        })
        .collect()
}

fn check(run: &Run, name: &str) -> (String, String) {
    let found = checks(run).into_iter().find(|(found, ..)| found == name);
    let (_, status, message) = found.unwrap_or_else(|| panic!("no {name}: {}", run.both()));
    (status, message)
}

fn store(fake: &Fake) -> String {
    format!("{}:{}:contoso", fake.cloud.subscription_id(), fake.cloud.resource_group())
}

fn doctor(fake: &Fake, more: &[&str]) -> Run {
    fake.akv().args(["doctor", &store(fake), "-o", "json"]).args(more).run()
}

#[test]
fn healthy_vault_has_no_problem() {
    let fake = Fake::with_vault();
    fake.cloud.vault("contoso").seed(2);
    let run = doctor(&fake, &["--chain"]);
    let problems: Vec<_> =
        checks(&run).into_iter().filter(|(_, status, _)| status != "ok").collect();
    assert_eq!((run.code, problems), (0, Vec::new()), "{}", run.both());
    let (_, identity) = check(&run, "identity");
    for message in [&fake.cloud.client_id(), &fake.cloud.tenant_id()] {
        assert!(identity.contains(message.as_str()), "{identity}");
    }
    let (_, tls) = check(&run, "tls-vault");
    assert!(tls.contains("issued by"), "{tls}");
    assert!(!run.both().contains(&fake.cloud.client_secret()));
    let text = fake.akv().args(["doctor", &store(&fake)]).run();
    assert!(text.stdout.contains("ok           list"), "{}", text.stdout);
}

#[test]
fn missing_permission_is_reported_with_its_grant_command() {
    let fake = Fake::with_vault();
    fake.cloud.deny(Operation::ListCertificates);
    let run = doctor(&fake, &[]);
    assert_eq!(run.code, 4, "{}", run.both());
    let (status, message) = check(&run, "list");
    assert_eq!(status, "problem");
    let scope = format!(
        "--role \"Key Vault Certificates Officer\" --scope \"/subscriptions/{}/resourceGroups/{}\
         /providers/Microsoft.KeyVault/vaults/contoso\"",
        fake.cloud.subscription_id(),
        fake.cloud.resource_group()
    );
    for part in ["az role assignment create --assignee-object-id ", &scope] {
        assert!(message.contains(part), "{message}");
    }
    assert!(!message.contains("OBJECT_ID"), "the object id is filled in: {message}");
    assert!(!message.contains("Key Vault Reader"), "one role, in the hint alone: {message}");
    assert_eq!(check(&run, "get").0, "ok", "it goes on");
}

#[test]
fn each_problem_keeps_independent_checks() {
    let fake = Fake::new(FakeCloud::builder());
    let run = doctor(&fake, &[]);
    assert_eq!(run.code, 4, "there is no vault: {}", run.both());
    assert_eq!(check(&run, "identity").0, "ok");
    assert_eq!(check(&run, "subscription").0, "ok");
    assert_eq!(check(&run, "vault-settings").0, "warning");

    let fake = Fake::with_vault();
    fake.cloud.expire_client_secret();
    let run = doctor(&fake, &[]);
    assert_eq!(run.code, 4, "{}", run.both());
    assert_eq!(check(&run, "identity").0, "problem");
    assert_eq!(check(&run, "tls-vault").0, "ok");
    assert_eq!(check(&run, "list").0, "not-checked");

    let settings = fake.file("akv.toml", "no-such-setting = 1\n");
    let run = fake.akv().args(["doctor", "-o", "json", "--config", &settings]).run();
    assert_eq!(run.code, 4, "{}", run.both());
    assert_eq!(check(&run, "settings").0, "problem");
    assert_eq!(check(&run, "tls-authority").0, "ok");
}

#[test]
fn region_of_a_create_job_is_checked() {
    let fake = Fake::with_vault();
    let (status, message) = check(&doctor(&fake, &[]), "region");
    assert!(status == "ok" && message.contains("westeurope"), "the group's own: {message}");
    assert_eq!(check(&doctor(&fake, &["--region", "North Europe"]), "region").0, "ok");
    let run = doctor(&fake, &["--region", "westeurop", "--sku", "premium"]);
    let (status, message) = check(&run, "region");
    assert_eq!((run.code, status.as_str()), (4, "problem"), "{message}");
    assert!(
        message.contains("westeurop is not a region") && message.contains("westeurope"),
        "{message}"
    );
    assert_eq!(check(&run, "sku"), ("ok".to_owned(), "premium, with HSM keys ".to_owned()));
    let run = doctor(&fake, &["--sku", "gold"]);
    assert_eq!(run.code, 2, "{}", run.both());
    fake.cloud.deny(Operation::ListLocations);
    let run = doctor(&fake, &[]);
    assert_eq!(run.code, 3, "a warning alone: {}", run.both());
    let (status, message) = check(&run, "region");
    assert!(status == "warning" && message.contains("--role \"Reader\""), "{message}");
}

#[test]
fn every_check_has_a_line_whatever_fails() {
    let names = |run: &Run| -> Vec<String> {
        let mut names: Vec<_> = checks(run).into_iter().map(|(name, ..)| name).collect();
        names.sort();
        names
    };
    let fake = Fake::with_vault();
    let all = names(&doctor(&fake, &["--chain"]));
    assert_eq!(names(&doctor(&fake, &[])), all);
    fake.cloud.deny(DenyRule::of(Operation::ListCertificates).because(Reason::Firewall));
    let run = doctor(&fake, &["--chain"]);
    assert_eq!(names(&run), all, "{}", run.stdout);
    assert_eq!(check(&run, "firewall").0, "problem");
    assert_eq!(check(&run, "soft-delete").0, "ok");
    fake.cloud.deny(Operation::GetVault);
    let run = doctor(&fake, &[]);
    assert_eq!(names(&run), all, "{}", run.stdout);
    assert_eq!(check(&run, "purge-protection").0, "not-checked");
    fake.cloud.expire_client_secret();
    let run = doctor(&fake, &[]);
    assert_eq!(names(&run), all, "{}", run.stdout);
    let bare = fake.akv().args(["doctor", "contoso", "-o", "json"]).run();
    assert_eq!(names(&bare), all, "{}", bare.stdout);
}

#[test]
fn tenants_that_cannot_be_used_leave_the_network_checked() {
    let fake = Fake::with_vault();
    let run = doctor(&fake, &["--tenant", "contoso.com,fabrikam.com"]);
    assert_eq!(run.code, 4, "{}", run.both());
    assert_eq!(check(&run, "tenant").0, "problem");
    assert_eq!(check(&run, "tls-vault").0, "ok");
    assert_eq!(check(&run, "list").0, "not-checked");
}

#[test]
fn proxy_of_an_option_is_shown_without_its_password() {
    let fake = Fake::with_vault();
    let proxy = "http://user:MARKER@proxy.invalid:3128";
    let run = doctor(&fake, &["--proxy", proxy, "--no-proxy", "localhost,10.0.0.1"]);
    let (status, message) = check(&run, "proxies");
    assert_eq!(status, "ok");
    assert!(message.contains("--proxy http://proxy.invalid:3128"), "{message}");
    assert!(message.contains("--no-proxy localhost,10.0.0.1"), "{message}");
    assert!(!run.both().contains("MARKER"), "{}", run.both());
    let store = ["doctor", "nowhere-of-that-name", "-o", "json", "--deadline", "5"];
    let run = program::akv().args(store).args(["--proxy", "http://127.0.0.1:9"]).run();
    let (status, message) = check(&run, "dns-vault");
    assert!(status == "ok" && message.contains("the proxy resolves it"), "{message}");
}

#[test]
fn untrusted_issuer_is_named_with_a_separate_hint() {
    let fake = Fake::with_vault();
    let cloud = fs::read_to_string(fake.path("cloud.json")).expect("a cloud");
    let mut cloud: Value = serde_json::from_str(&cloud).expect("JSON");
    cloud.as_object_mut().expect("an object").remove("ca_file");
    let cloud = fake.file("untrusted.json", cloud.to_string());
    let run = program::akv()
        .args(["doctor", &store(&fake), "-o", "json", "--cloud-file", &cloud])
        .env("AZURE_TENANT_ID", &fake.cloud.tenant_id())
        .env("AZURE_CLIENT_ID", &fake.cloud.client_id())
        .env("AZURE_CLIENT_SECRET", &fake.cloud.client_secret())
        .run();
    assert_eq!(run.code, 4, "{}", run.both());
    let (status, message) = check(&run, "tls-vault");
    assert!(status == "problem" && message.contains("was issued by CN=Fake Cloud"), "{message}");
    for name in ["tls-vault", "identity"] {
        let (_, message) = check(&run, name);
        assert_eq!(message.matches("its root certificate as CA file").count(), 1, "{message}");
    }
}

#[test]
fn doctor_changes_nothing() {
    let fake = Fake::with_vault();
    doctor(&fake, &["--chain"]);
    for entry in fake.cloud.journal().entries() {
        assert!(
            entry.method == "GET" || entry.operation == Operation::Token,
            "{} {}",
            entry.method,
            entry.path
        );
    }
}

/// An extension's folder with a manifest that claims the AKV jobs for an assembly.
#[cfg(unix)]
fn extension(extensions: &std::path::Path, name: &str, assembly: &str) -> std::path::PathBuf {
    let folder = extensions.join(name);
    fs::create_dir_all(&folder).expect("a folder");
    let job = serde_json::json!({"assemblypath": assembly, "TypeFullName": "X"});
    let manifest = serde_json::json!({"extensions": {
        "Keyfactor.Orchestrators.Extensions.IOrchestratorJobExtension":
            {"CertStores.AKV.Inventory": job, "CertStores.AKV.Management": job}
    }});
    fs::write(folder.join("manifest.json"), manifest.to_string()).expect("written");
    folder
}

#[cfg(unix)]
#[test]
fn installed_extension_is_checked() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let extensions = folder.path().join("extensions");
    fs::create_dir(&extensions).expect("a folder");
    let look = || {
        let dir = folder.path().to_string_lossy().into_owned();
        program::akv().args(["doctor", "-o", "json", "--orchestrator", &dir]).run()
    };
    assert_eq!(check(&look(), "extension").0, "problem", "there is none");

    let ours = extension(&extensions, "akv", "Akv.UniversalOrchestrator.dll");
    assert_eq!(check(&look(), "extension").0, "ok");
    let (status, message) = check(&look(), "extension-files");
    assert!(status == "problem" && message.contains("lacks akv and Akv.Univ"), "{message}");

    fs::write(ours.join("Akv.UniversalOrchestrator.dll"), "MZ").expect("written");
    let program = ours.join("akv");
    fs::copy(env!("CARGO_BIN_EXE_akv"), &program).expect("copied");
    let mode = |path: &std::path::Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
    };
    mode(&ours, 0o755);
    mode(&program, 0o644);
    let (status, message) = check(&look(), "extension-files");
    assert!(status == "problem" && message.contains("chmod 755"), "{message}");
    mode(&program, 0o755);
    assert_eq!(check(&look(), "extension-files").0, "ok");
    assert_eq!(check(&look(), "extension-version").0, "ok");
    mode(&program, 0o777);
    assert_eq!(check(&look(), "extension-version").0, "not-checked", "anybody can change it");

    extension(&extensions, "AzureKeyVault", "AzureKeyVault.dll");
    let (status, message) = check(&look(), "extension");
    assert!(status == "problem" && message.contains("AzureKeyVault"), "{message}");
}
