//! Identities, soft delete, hostile responses, cancellation: through the program, over TLS.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a missing prerequisite fails the test"
)]

mod program;

use std::time::Duration;

use akv_core::Bundle;
use akv_testkit::pki::{Fixture, openssl_pfx};
use akv_testkit::{Challenge, DenyRule, FakeCloud, Fault, Operation, Reason};
use program::Run;
use program::fake::Fake;
use time::OffsetDateTime;

fn add(fake: &Fake, more: &[&str]) -> Run {
    let fixture = openssl_pfx("web-v1").expect("a fixture");
    let pfx = fake.file("web.pfx", fixture.pfx);
    fake.akv()
        .args(["add", "contoso", "--alias", "web", "--pfx", &pfx, "--password-stdin"])
        .args(more)
        .stdin(fixture.password)
        .run()
}

fn inventory(fake: &Fake) -> Run {
    fake.akv().args(["inventory", "contoso", "--output", "jsonl", "--deadline", "1"]).run()
}

fn without_secret(fake: &Fake, args: &[&str]) -> program::Akv {
    program::akv()
        .args([
            "inventory".into(),
            "contoso".into(),
            "--cloud-file".into(),
            fake.path("cloud.json"),
        ])
        .env("AZURE_TENANT_ID", &fake.cloud.tenant_id())
        .args(args)
}

#[test]
fn a_workload_identity_signs_in_with_its_token_file() {
    let fake = Fake::with_vault();
    let token = fake.file("token", fake.cloud.federated_assertion());
    let run = without_secret(&fake, &[])
        .env("AZURE_CLIENT_ID", &fake.cloud.client_id())
        .env("AZURE_FEDERATED_TOKEN_FILE", &token)
        .run();
    assert_eq!(run.code, 0, "{}", run.both());
}

#[test]
fn managed_identities_sign_in_through_app_service() {
    let fake = Fake::with_vault();
    let (endpoint, header) = fake.app_service();
    for (client_id, expected) in
        [(None, 0), (Some(fake.cloud.user_identity()), 0), (Some(NOBODY.into()), 4)]
    {
        let mut akv = without_secret(&fake, &["--identity", "managed"])
            .env("IDENTITY_ENDPOINT", &endpoint)
            .env("IDENTITY_HEADER", &header);
        if let Some(client_id) = &client_id {
            akv = akv.args(["--client-id", client_id]);
        }
        let run = akv.run();
        assert_eq!(run.code, expected, "{client_id:?}: {}", run.both());
    }
}

/// Signs in with the certificate of a fixture.
fn with_certificate(fake: &Fake, fixture: Fixture) -> Run {
    without_secret(fake, &[])
        .env("AZURE_CLIENT_ID", &fake.cloud.client_id())
        .env("AZURE_CLIENT_CERTIFICATE_PATH", &fake.file("client.pfx", fixture.pfx))
        .env("AZURE_CLIENT_CERTIFICATE_PASSWORD", fixture.password)
        .run()
}

#[test]
fn a_client_certificate_signs_in_without_openssl() {
    let fake = Fake::with_vault();
    let fixture = openssl_pfx("web-v1").expect("a fixture");
    let bundle = Bundle::from_pfx(fixture.pfx, &fixture.password.into(), OffsetDateTime::now_utc())
        .expect("a bundle");
    fake.cloud.add_client_certificate(bundle.leaf().der()).expect("a client certificate");
    let run = with_certificate(&fake, fixture);
    assert_eq!(run.code, 0, "{}", run.both());
}

#[test]
fn unknown_client_certificate_is_reported_once_with_its_code() {
    let fake = Fake::with_vault();
    let run = with_certificate(&fake, openssl_pfx("web-v1").expect("a fixture"));
    assert_eq!(run.code, 4, "{}", run.both());
    assert!(run.stderr.contains("AADSTS700027"), "{}", run.stderr);
    assert_eq!(fake.cloud.journal().count(Operation::Token), 1);
}

#[test]
fn a_wrong_secret_is_reported_with_its_code_and_not_repeated() {
    let fake = Fake::with_vault();
    let run = fake.akv().args(["inventory", "contoso"]).env("AZURE_CLIENT_SECRET", "wrong").run();
    assert_eq!(run.code, 4);
    assert!(run.stderr.contains("AADSTS7000215"), "{}", run.stderr);
    assert_eq!(fake.cloud.journal().count(Operation::Token), 1);
}

#[test]
fn soft_deleted_certificate_is_recovered_unless_refused() {
    let fake = Fake::with_vault();
    assert_eq!(add(&fake, &[]).code, 0);
    fake.cloud.vault("contoso").delete("web");
    let run = add(&fake, &["--soft-deleted", "refuse"]);
    assert_eq!(run.code, 4, "{}", run.both());
    assert!(run.stderr.contains("soft-deleted"), "{}", run.stderr);
    let run = add(&fake, &[]);
    assert_eq!(run.code, 0, "{}", run.both());
    assert!(run.stdout.contains("was soft-deleted and was recovered"), "{}", run.stdout);
    assert_eq!(fake.cloud.journal().count(Operation::ListDeletedCertificates), 0);
}

#[test]
fn removal_settles_before_success_and_purge_is_explicit() {
    let fake = Fake::new(FakeCloud::builder().vault("contoso"));
    fake.cloud.vault("contoso").seed(2);
    let remove = |name: &str, more: &[&str]| {
        fake.akv().args(["remove", "contoso", "--alias", name]).args(more).run()
    };
    assert_eq!(remove("cert-000001", &[]).code, 0);
    assert_eq!(fake.cloud.vault("contoso").deleted_names(), ["cert-000001"]);
    assert_eq!(remove("cert-000002", &["--purge"]).code, 0);
    assert_eq!(fake.cloud.vault("contoso").deleted_names(), ["cert-000001"]);
}

#[test]
fn remove_works_without_permission_to_read_deleted_ones() {
    let fake = Fake::with_vault();
    fake.cloud.vault("contoso").seed(1);
    fake.cloud.deny(Operation::GetDeletedCertificate);
    let run = fake.akv().args(["remove", "contoso", "--alias", "cert-000001"]).run();
    assert_eq!(run.code, 0, "{}", run.both());
}

#[test]
fn a_new_vault_is_as_it_was_ordered() {
    let fake = Fake::new(FakeCloud::builder().resource_group("abroad", "northeurope"));
    let store = |name: &str| {
        format!("{}:{}:{name}", fake.cloud.subscription_id(), fake.cloud.resource_group())
    };
    let create = |name: &str, more: &[&str]| {
        let run = fake.akv().args(["create", &store(name)]).args(more).run();
        assert_eq!(run.code, 0, "{}", run.both());
        fake.administer("GET", name)
    };
    let usual = create("usual", &[]);
    assert_eq!(usual["location"], "westeurope", "the resource group's own");
    let properties = &usual["properties"];
    assert_eq!(properties["sku"]["name"], "standard");
    assert_eq!(properties["enableRbacAuthorization"], true);
    assert_eq!(properties["softDeleteRetentionInDays"], 90);
    assert!(properties["enablePurgeProtection"].is_null());

    let more = ["--sku", "premium", "--region", "North Europe", "--retention", "14"];
    let more = [&more[..], &["--purge-protection", "--no-public-access"]].concat();
    let more = [&more[..], &["--tag", "owner=pki", "--access-policy", SOMEBODY]].concat();
    let special = create("special", &more);
    assert_eq!(
        (&special["location"], &special["tags"]["owner"]),
        (&"northeurope".into(), &"pki".into())
    );
    let properties = &special["properties"];
    assert_eq!(properties["sku"]["name"], "premium");
    assert_eq!(properties["softDeleteRetentionInDays"], 14);
    assert_eq!(properties["enablePurgeProtection"], true);
    assert_eq!(properties["publicNetworkAccess"], "disabled");
    assert_eq!(properties["enableRbacAuthorization"], false);
    assert_eq!(properties["accessPolicies"][0]["objectId"], SOMEBODY);
    let again = fake.akv().args(["create", &store("special"), "--sku", "standard"]).run();
    assert_eq!(again.code, 3, "{}", again.both());
    assert_eq!(fake.administer("GET", "special"), special, "an existing vault is not altered");
}

#[test]
fn name_of_a_deleted_vault_is_reported_with_a_hint() {
    let fake = Fake::with_vault();
    fake.administer("DELETE", "contoso");
    let store = format!("{}:{}:contoso", fake.cloud.subscription_id(), fake.cloud.resource_group());
    let run = fake.akv().args(["create", &store]).run();
    assert_eq!(run.code, 4, "{}", run.both());
    for way_out in ["az keyvault recover", "az keyvault purge"] {
        assert!(run.stderr.contains(way_out), "{}", run.stderr);
    }
}

#[test]
fn unsearchable_scope_is_a_warning_with_other_vaults() {
    let fake = Fake::new(
        FakeCloud::builder()
            .vault("contoso")
            .subscription(OTHER_SUBSCRIPTION)
            .vault_with("fabrikam", |vault| vault.placed(OTHER_SUBSCRIPTION, "theirs")),
    );
    fake.cloud.deny(DenyRule::of(Operation::ListVaults).in_subscription(OTHER_SUBSCRIPTION));
    let tenant = fake.cloud.tenant_id();
    let run = fake
        .akv()
        .args([
            "discover",
            "--via",
            "lists",
            "--tenant",
            &tenant,
            "--tenant",
            &tenant.to_uppercase(),
        ])
        .args(["--tenant", "nobody.example"])
        .run();
    assert_eq!(run.code, 3, "{}", run.both());
    let found =
        format!("{}:{}:contoso\n", fake.cloud.subscription_id(), fake.cloud.resource_group());
    assert_eq!(run.stdout, found, "once");
    for part in [OTHER_SUBSCRIPTION, "AuthorizationFailed", "nobody.example", "AADSTS90002"] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
}

#[test]
fn an_import_that_fails_leaves_soft_delete_as_it_was() {
    let fake = Fake::with_vault();
    let old = openssl_pfx("web-v2").expect("a fixture");
    let vault = fake.cloud.vault("contoso");
    vault.import("web", old.pfx, Some(old.password)).expect("a file that the service takes");
    vault.delete("web");
    // The first import only detects that the name is in soft delete.
    let fails = || Fault::on(Operation::ImportCertificate).nth(2).status(400);
    fake.cloud.fault(fails());
    let run = add(&fake, &[]);
    assert_eq!(run.code, 4, "{}", run.both());
    assert_eq!(vault.deleted_names(), ["web"]);
    assert!(run.stderr.contains("deleted again"), "{}", run.stderr);

    fake.cloud.fault(fails());
    fake.cloud.deny(Operation::DeleteCertificate);
    let run = add(&fake, &[]);
    assert_eq!(run.code, 4, "{}", run.both());
    assert_eq!(vault.names(), ["web"]);
    assert!(run.stderr.contains("recovered"), "{}", run.stderr);
}

#[test]
fn a_vault_name_in_use_elsewhere_is_its_own_failure() {
    let fake = Fake::new(
        FakeCloud::builder()
            .vault_with("fabrikam", |vault| vault.placed(OTHER_SUBSCRIPTION, "theirs"))
            .subscription(OTHER_SUBSCRIPTION),
    );
    let store =
        format!("{}:{}:fabrikam", fake.cloud.subscription_id(), fake.cloud.resource_group());
    let run = fake.akv().args(["create", &store]).run();
    assert_eq!(run.code, 4, "{}", run.both());
    assert!(run.stderr.contains("globally unique"), "{}", run.stderr);
}

#[test]
fn a_firewall_is_distinguished_from_a_missing_role() {
    let fake = Fake::with_vault();
    fake.cloud.deny(DenyRule::of(Operation::ListCertificates).because(Reason::Firewall));
    let run = inventory(&fake);
    assert_eq!(run.code, 4);
    assert!(run.stderr.contains("firewall"), "{}", run.stderr);
}

#[test]
fn a_hostile_vault_gets_no_second_chance() {
    for (fault, expected) in [
        (
            Fault::on(Operation::ListCertificates).next_link("https://evil.example/x"),
            "evil.example",
        ),
        (Fault::on(Operation::ListCertificates).redirect("https://evil.example/x"), "redirect"),
        (
            Fault::on(Operation::ListCertificates)
                .challenge(Challenge::Resource("https://graph.microsoft.com".into())),
            "no such token was requested",
        ),
        (
            Fault::on(Operation::ListCertificates)
                .challenge(Challenge::Authority("https://evil.example".into())),
            "rejected the token",
        ),
        (Fault::on(Operation::ListCertificates).huge_body(100 << 20), "exceeds the limit"),
        (Fault::on(Operation::ListCertificates).endless_pages(), "page"),
        (
            Fault::on(Operation::ListCertificates).slow_drip(1, Duration::from_millis(200)),
            "seconds",
        ),
    ] {
        let fake = Fake::with_vault();
        fake.cloud.vault("contoso").seed(30);
        fake.cloud.fault(fault);
        let run = inventory(&fake);
        assert_eq!(run.code, 4, "{expected}: {}", run.both());
        assert!(run.stderr.contains(expected), "{expected}: {}", run.stderr);
        let entries = fake.cloud.journal().entries();
        assert!(entries.iter().all(|entry| entry.host.ends_with(".localhost")), "{expected}");
    }
}

#[cfg(unix)]
#[test]
fn signal_ends_an_inventory_with_an_explained_failure() {
    let fake = Fake::new(FakeCloud::builder().vault("contoso"));
    fake.cloud.vault("contoso").seed(500);
    fake.cloud.latency(Duration::from_millis(100));
    let akv = fake.akv().args(["inventory", "contoso", "--output", "jsonl"]);
    let run = akv.terminated_when(|| fake.cloud.journal().count(Operation::ListCertificates) > 2);
    assert_eq!(run.code, 4, "{}", run.both());
    assert!(run.stderr.contains("cancelled"), "{}", run.stderr);
    assert!(run.stdout.lines().count() < 500);
}

#[cfg(unix)]
#[test]
fn signal_during_a_removal_reports_its_acceptance() {
    let settling = FakeCloud::builder().vault("contoso").deletion_takes(Duration::from_secs(3600));
    let fake = Fake::new(settling);
    fake.cloud.vault("contoso").seed(1);
    let akv = fake.akv().args(["remove", "contoso", "--alias", "cert-000001", "-o", "json"]);
    let polled = || fake.cloud.journal().count(Operation::GetDeletedCertificate) > 0;
    let run = akv.terminated_when(polled);
    assert_eq!(run.code, 4, "{}", run.both());
    for message in ["\"effect\": \"removed\"", "cert-000001", "accepted the deletion", "cancelled"]
    {
        assert!(run.stdout.contains(message), "{message}: {}", run.both());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn signal_during_input_ends_with_a_result() {
    let fake = Fake::with_vault();
    let pfx = fake.file("web.pfx", "");
    let silent = fake.path("silent.pipe");
    let made = std::process::Command::new("mkfifo").arg(&silent).status();
    assert!(made.expect("mkfifo runs").success());
    let silent = silent.to_string_lossy().into_owned();
    let job = fake.file("job.json", "{\"JobHistoryId\":42}");
    let add = ["add", "contoso", "--alias", "web", "--pfx", &pfx, "--password-stdin"];
    let other = ["job", &job, "--identity", "secret", "--client-secret-file", &silent];
    for (args, message) in [
        (&["job"][..], "\"Result\":4,\"JobHistoryId\":0"),
        (&["job"], "cancelled before the input was read"),
        (&other, "\"Result\":4,\"JobHistoryId\":42"),
        (&["inventory", "contoso", "--client-secret-file", &silent], "cancelled before the input"),
        (&["inventory", "contoso", "--since", &silent], "cancelled before the input"),
        (&add, "cancelled before the input was read"),
    ] {
        let run = fake.akv().args(args).terminated_in_silence();
        assert_eq!(run.code, 4, "{}", run.both());
        assert!(run.both().contains(message), "{message}: {}", run.both());
    }
}

const SOMEBODY: &str = "0b1ec700-0000-4000-8000-00000000000a";
const NOBODY: &str = "00000000-dead-beef-0000-000000000000";
const OTHER_SUBSCRIPTION: &str = "00000000-5555-4444-8000-000000000000";
