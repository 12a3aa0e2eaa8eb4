//! What the services refuse, row by row, as the one who runs `akv` reads it: what was tried, on what,
//! what the service said, what to do.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test cannot go on without ends it"
)]

mod program;

use akv_testkit::pki::openssl_pfx;
use akv_testkit::{FakeCloud, Fault, Operation};
use program::Run;
use program::fake::Fake;

/// Status, code, inner code, and what is said to do or to look at.
type Row = (u16, &'static str, Option<&'static str>, &'static str);

fn add(fake: &Fake) -> Run {
    let fixture = openssl_pfx("web-v1").expect("a fixture");
    let pfx = fake.file("web.pfx", fixture.pfx);
    let add = ["add", "contoso", "--alias", "web", "--pfx", &pfx, "--password-stdin"];
    fake.akv().args(add).args(["--deadline", "1"]).stdin(fixture.password).run()
}

fn tells(run: &Run, tried: &str, (status, code, inner, says): Row) {
    assert_eq!(run.code, 4, "{code}: {}", run.both());
    let status = format!("HTTP {status}");
    for part in [tried, &status, code, inner.unwrap_or_default(), says, "request"] {
        assert!(run.stderr.contains(part), "{code} does not say {part:?}: {}", run.stderr);
    }
}

#[test]
fn the_vaults_refusals_are_told_with_the_way_out() {
    let fake = Fake::with_vault();
    for row in [
        (400, "BadParameter", None, "refuses it as wrong"),
        (400, "BadParameter", Some("KeySizeNotSupported"), "EC issuer"),
        (401, "Unauthorized", None, "tenant"),
        (403, "Forbidden", Some("AccessDenied"), "access policy"),
        (403, "Forbidden", Some("ForbiddenByPolicy"), "certificates/import"),
        (403, "Forbidden", Some("ForbiddenByRbac"), "Key Vault Certificates Officer"),
        (403, "Forbidden", Some("ForbiddenByFirewall"), "Networking"),
        (403, "Forbidden", Some("ForbiddenByConnection"), "private endpoint"),
        (403, "Forbidden", Some("SecretDisabled"), "disabled"),
        (404, "VaultNotFound", None, "no such vault"),
        (409, "Conflict", None, "stand-alone key or secret"),
        (409, "Conflict", Some("ObjectIsBeingDeleted"), "being deleted"),
        (409, "Conflict", Some("ObjectIsBeingRecovered"), "being recovered"),
        (429, "Throttled", None, "budget"),
    ] {
        fake.cloud.clear_faults();
        fake.cloud.fault(Fault::on(Operation::ImportCertificate).error(row.0, row.1, row.2));
        tells(&add(&fake), "import certificate web into vault contoso", row);
    }
    assert!(fake.cloud.vault("contoso").names().is_empty());
}

#[test]
fn resource_managers_refusals_are_told_with_the_way_out() {
    let fake = Fake::new(FakeCloud::builder());
    let store =
        format!("{}:{}:fabrikam", fake.cloud.subscription_id(), fake.cloud.resource_group());
    for row in [
        (400, "VaultNameNotValid", None, "another vault name"),
        (400, "RegionNotSupported", None, "region that has Key Vault"),
        (400, "SkuNotSupported", None, "other SKU"),
        (401, "ExpiredAuthenticationToken", None, "clock"),
        (401, "InvalidAuthenticationTokenTenant", None, "tenant"),
        (403, "AuthorizationFailed", None, "Microsoft.KeyVault/vaults/write"),
        (403, "RequestDisallowedByPolicy", None, "Azure Policy"),
        (404, "ResourceGroupNotFound", None, "resource group"),
        (404, "SubscriptionNotFound", None, "subscription"),
        (409, "VaultAlreadyExists", None, "another name"),
        (409, "ConflictError", None, "az keyvault recover"),
        (409, "MissingSubscriptionRegistration", None, "az provider register"),
        (429, "SubscriptionRequestsThrottled", None, "Resource Manager"),
    ] {
        fake.cloud.clear_faults();
        fake.cloud.fault(Fault::on(Operation::CreateVault).error(row.0, row.1, row.2));
        let run = fake.akv().args(["create", &store, "--deadline", "1"]).run();
        tells(&run, &format!("create vault {store}"), row);
    }
}

#[test]
fn refused_sign_ins_are_told_with_their_code_and_asked_once() {
    let fake = Fake::with_vault();
    for (code, says) in [
        (7_000_215, "the client secret is wrong"),
        (7_000_222, "the client secret has expired"),
        (700_027, "client certificate"),
        (700_016, "the application is not in this tenant"),
        (90_002, "there is no such tenant"),
        (900_023, "neither a GUID nor a domain name"),
        (70_011, "the scope is not valid"),
        (500_011, "no service principal for that audience"),
    ] {
        fake.cloud.clear_faults();
        fake.cloud.journal().clear();
        fake.cloud.fault(Fault::on(Operation::Token).aadsts(code));
        let run = fake.akv().args(["inventory", "contoso"]).run();
        assert_eq!((run.code, run.stdout.as_str()), (4, ""), "{code}: {}", run.stderr);
        for part in [&format!("AADSTS{code}"), says] {
            assert!(run.stderr.contains(part), "{code} does not say {part:?}: {}", run.stderr);
        }
        assert_eq!(fake.cloud.journal().count(Operation::Token), 1, "{code}");
    }
}

#[test]
fn a_machine_without_an_identity_is_told_so() {
    let fake = Fake::with_vault();
    let (endpoint, header) = fake.app_service();
    fake.cloud.remove_system_identity();
    let run = fake
        .akv()
        .env("IDENTITY_ENDPOINT", &endpoint)
        .env("IDENTITY_HEADER", &header)
        .env("AZURE_CLIENT_ID", "")
        .args(["--identity", "managed", "inventory", "contoso"])
        .run();
    assert_eq!((run.code, run.stdout.as_str()), (4, ""), "{}", run.stderr);
    assert!(run.stderr.contains("assign the identity"), "{}", run.stderr);
}
