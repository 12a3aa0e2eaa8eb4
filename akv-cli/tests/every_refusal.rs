//! Rejected requests, row by row, as `akv` prints them: the failure and its cause, a hint, the
//! service's message and the request ID.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a missing prerequisite fails the test"
)]

mod program;

use akv_testkit::pki::openssl_pfx;
use akv_testkit::{FakeCloud, Fault, Operation};
use program::fake::Fake;
use program::{Run, normalized};

/// Status, code and inner code.
type Row = (u16, &'static str, Option<&'static str>);

fn add(fake: &Fake) -> Run {
    let fixture = openssl_pfx("web-v1").expect("a fixture");
    let pfx = fake.file("web.pfx", fixture.pfx);
    let add = ["add", "contoso", "--alias", "web", "--pfx", &pfx, "--password-stdin"];
    fake.akv().args(add).args(["--deadline", "1"]).stdin(fixture.password).run()
}

/// The output for the operation with each of the rows.
fn texts(fake: &Fake, operation: Operation, rows: &[Row], run: impl Fn() -> Run) -> String {
    let mut texts = Vec::new();
    for (status, code, inner) in rows {
        fake.cloud.clear_faults();
        fake.cloud.fault(Fault::on(operation).error(*status, code, *inner));
        let run = run();
        assert_eq!((run.code, run.stdout.as_str()), (4, ""), "{code}: {}", run.stderr);
        texts.push(normalized(&run.stderr));
    }
    texts.join("\n")
}

#[test]
fn vault_errors_are_printed_with_hints() {
    let fake = Fake::with_vault();
    let rows = [
        (400, "BadParameter", None),
        (400, "BadParameter", Some("KeySizeNotSupported")),
        (401, "Unauthorized", None),
        (403, "Forbidden", Some("AccessDenied")),
        (403, "Forbidden", Some("ForbiddenByPolicy")),
        (403, "Forbidden", Some("ForbiddenByRbac")),
        (403, "Forbidden", Some("ForbiddenByFirewall")),
        (403, "Forbidden", Some("ForbiddenByConnection")),
        (403, "Forbidden", Some("SecretDisabled")),
        (404, "VaultNotFound", None),
        (409, "Conflict", None),
        (409, "Conflict", Some("ObjectIsBeingDeleted")),
        (409, "Conflict", Some("ObjectIsBeingRecovered")),
        (429, "Throttled", None),
        (500, "InternalError", None),
    ];
    insta::assert_snapshot!(texts(&fake, Operation::ImportCertificate, &rows, || add(&fake)));
    assert!(fake.cloud.vault("contoso").names().is_empty());
}

#[test]
fn resource_manager_errors_are_printed_with_hints() {
    let fake = Fake::new(FakeCloud::builder());
    let store =
        format!("{}:{}:fabrikam", fake.cloud.subscription_id(), fake.cloud.resource_group());
    let rows = [
        (400, "VaultNameNotValid", None),
        (400, "RegionNotSupported", None),
        (400, "SkuNotSupported", None),
        (401, "ExpiredAuthenticationToken", None),
        (401, "InvalidAuthenticationTokenTenant", None),
        (403, "AuthorizationFailed", None),
        (403, "RequestDisallowedByPolicy", None),
        (404, "ResourceGroupNotFound", None),
        (404, "SubscriptionNotFound", None),
        (409, "VaultAlreadyExists", None),
        (409, "ConflictError", None),
        (409, "MissingSubscriptionRegistration", None),
        (429, "SubscriptionRequestsThrottled", None),
    ];
    let create = || fake.akv().args(["create", &store, "--deadline", "1"]).run();
    insta::assert_snapshot!(texts(&fake, Operation::CreateVault, &rows, create));
}

#[test]
fn rejected_sign_in_is_printed_and_not_repeated() {
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
fn missing_managed_identity_is_printed_with_a_hint() {
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
    assert!(run.stderr.contains("enable the system-assigned identity"), "{}", run.stderr);
}
