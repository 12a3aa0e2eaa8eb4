//! Every status and code of the services, row by row, as the error that a person reads.

use akv_core::{CertificateStore, Denial, Error, ErrorKind, ListOptions, VaultDirectory};
use akv_testkit::{DenyRule, Fault, Operation, Reason, VaultPlan};
use futures::StreamExt;

use crate::world::{World, importing, name, tags};

struct Row {
    status: u16,
    code: &'static str,
    inner: Option<&'static str>,
    kind: ErrorKind,
    /// Further text of the message.
    says: &'static str,
}

const fn row(
    status: u16,
    code: &'static str,
    inner: Option<&'static str>,
    kind: ErrorKind,
    says: &'static str,
) -> Row {
    Row { status, code, inner, kind, says }
}

/// Key Vault's data plane, in answers to an import.
const VAULT: &[Row] = &[
    row(400, "BadParameter", None, ErrorKind::Invalid, "rejected the request as invalid"),
    row(400, "BadParameter", Some("KeySizeNotSupported"), ErrorKind::Invalid, "EC issuer"),
    row(401, "Unauthorized", None, ErrorKind::Unauthenticated, "tenant"),
    row(
        403,
        "Forbidden",
        Some("AccessDenied"),
        ErrorKind::Denied(Denial::AccessPolicy),
        "add certificates/import to the caller's access policy",
    ),
    row(
        403,
        "Forbidden",
        Some("ForbiddenByPolicy"),
        ErrorKind::Denied(Denial::AccessPolicy),
        "certificates/import",
    ),
    row(
        403,
        "Forbidden",
        Some("ForbiddenByRbac"),
        ErrorKind::Denied(Denial::Rbac),
        "Key Vault Certificates Officer",
    ),
    row(
        403,
        "Forbidden",
        Some("ForbiddenByFirewall"),
        ErrorKind::Denied(Denial::Firewall),
        "Networking",
    ),
    row(
        403,
        "Forbidden",
        Some("ForbiddenByConnection"),
        ErrorKind::Denied(Denial::PrivateLink),
        "private endpoint",
    ),
    row(
        403,
        "Forbidden",
        Some("SecretDisabled"),
        ErrorKind::Denied(Denial::ObjectState),
        "disabled",
    ),
    row(
        403,
        "Forbidden",
        Some("CertificateExpired"),
        ErrorKind::Denied(Denial::ObjectState),
        "expired",
    ),
    row(403, "Forbidden", None, ErrorKind::Denied(Denial::Unspecified), "certificates/import"),
    row(404, "CertificateNotFound", None, ErrorKind::Absent, "does not exist"),
    row(404, "VaultNotFound", None, ErrorKind::Unavailable, "no such vault"),
    row(404, "UnknownPath", None, ErrorKind::Protocol, "versions"),
    row(409, "Conflict", None, ErrorKind::Conflict, "stand-alone key or secret"),
    row(
        409,
        "Conflict",
        Some("ObjectIsDeletedButRecoverable"),
        ErrorKind::SoftDeleted,
        "recover or purge",
    ),
    row(409, "Conflict", Some("ObjectIsBeingDeleted"), ErrorKind::BeingDeleted, "being deleted"),
    row(
        409,
        "Conflict",
        Some("ObjectIsBeingRecovered"),
        ErrorKind::BeingRecovered,
        "being recovered",
    ),
    row(413, "RequestEntityTooLarge", None, ErrorKind::Invalid, "25 KB"),
    row(429, "Throttled", None, ErrorKind::Throttled, "request limit"),
];

#[tokio::test(start_paused = true)]
async fn the_vaults_answers() {
    for row in VAULT {
        let world = World::new();
        let fault = Fault::on(Operation::ImportCertificate).error(row.status, row.code, row.inner);
        world.cloud.fault(fault);
        let import = importing("web-01", &world.leaf("www.contoso.com"));
        let error = world.store().import(&import).await.expect_err("refused");
        check(&error, row, "import certificate web-01 into vault contoso");
    }
}

/// Transient failures are reported if they persist.
#[tokio::test(start_paused = true)]
async fn the_vaults_failures() {
    for status in [500, 502, 503, 504] {
        let world = World::new();
        world.cloud.vault("contoso").seed(1);
        world.cloud.fault(Fault::on(Operation::GetCertificate).status(status));
        let error = world.store().certificate(&name("cert-000001")).await.expect_err("failed");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert_eq!(error.reply().map(|it| it.status), Some(status));
    }
}

#[tokio::test(start_paused = true)]
async fn each_operation_names_the_permission_that_it_needs() {
    type Asked = fn(&World) -> futures::future::BoxFuture<'_, Option<Error>>;
    let rows: [(Operation, &str, &str, Asked); 6] = [
        (Operation::ListCertificates, "certificates/list", "Key Vault Reader", |world| {
            Box::pin(async {
                let store = world.store();
                let mut list = store.list(ListOptions::default());
                list.next().await.and_then(Result::err)
            })
        }),
        (Operation::GetCertificate, "certificates/get", "Key Vault Reader", |world| {
            Box::pin(async { world.store().certificate(&name("cert-000001")).await.err() })
        }),
        (Operation::UpdateCertificate, "certificates/update", OFFICER, |world| {
            Box::pin(async {
                world.store().update_tags(&name("cert-000001"), &tags(&[])).await.err()
            })
        }),
        (Operation::DeleteCertificate, "certificates/delete", OFFICER, |world| {
            Box::pin(async { world.store().delete(&name("cert-000001")).await.err() })
        }),
        (Operation::RecoverCertificate, "certificates/recover", OFFICER, |world| {
            Box::pin(async { world.store().recover(&name("cert-000001")).await.err() })
        }),
        (Operation::GetSecret, "secrets/get", "Key Vault Certificate User", |world| {
            Box::pin(async {
                let version = world.cloud.vault("contoso").newest("cert-000001");
                let version = version.expect("a version").id.parse().expect("32 digits");
                world.store().chain(&name("cert-000001"), &version).await.err()
            })
        }),
    ];
    for (operation, permission, role, asked) in rows {
        for (reason, says) in [(Reason::AccessPolicy, permission), (Reason::Rbac, role)] {
            let world = World::new();
            world.cloud.vault("contoso").seed(1);
            world.cloud.deny(DenyRule::of(operation).because(reason));
            let error = asked(&world).await.expect("refused");
            assert!(matches!(error.kind(), ErrorKind::Denied(_)), "{error}");
            assert!(error.to_string().contains(says), "{operation}: {error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_purge_under_protection_names_both_causes() {
    let world = World::with(|cloud| cloud.vault_with("contoso", VaultPlan::purge_protection));
    world.cloud.vault("contoso").seed(1);
    world.cloud.vault("contoso").delete("cert-000001");
    let error = world.store().purge(&name("cert-000001")).await.expect_err("protected");
    assert!(matches!(error.kind(), ErrorKind::Denied(_)), "{error}");
    assert!(error.to_string().to_lowercase().contains("purg"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn add_rejects_the_name_of_a_stand_alone_secret() {
    let world = World::new();
    world.cloud.vault("contoso").set_secret("web", "hush");
    let import = importing("web", &world.leaf("www.contoso.com"));
    let error = world.store().import(&import).await.expect_err("a conflict");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert!(error.to_string().contains("stand-alone key or secret"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_is_not_there_does_not_resolve() {
    let world = World::with(|cloud| cloud);
    let error = world.store().certificate(&name("web")).await.expect_err("no vault");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("no such vault"), "{error}");
    assert!(error.to_string().contains("contoso.vault.azure.net"), "{error}");
}

/// Resource Manager, in answers to the creation of a vault.
const CONTROL: &[Row] = &[
    row(400, "VaultNameNotValid", None, ErrorKind::Invalid, "another vault name"),
    row(400, "RegionNotSupported", None, ErrorKind::Invalid, "region that has Key Vault"),
    row(400, "SkuNotSupported", None, ErrorKind::Invalid, "other SKU"),
    row(400, "BadRequest", None, ErrorKind::Invalid, "rejected the request as invalid"),
    row(401, "AuthenticationFailed", None, ErrorKind::Unauthenticated, "tenant"),
    row(401, "InvalidAuthenticationToken", None, ErrorKind::Unauthenticated, "tenant"),
    row(401, "ExpiredAuthenticationToken", None, ErrorKind::Unauthenticated, "clock"),
    row(401, "InvalidAuthenticationTokenTenant", None, ErrorKind::Unauthenticated, "tenant"),
    row(
        403,
        "AuthorizationFailed",
        None,
        ErrorKind::Denied(Denial::Rbac),
        "Microsoft.KeyVault/vaults/write",
    ),
    row(
        403,
        "RequestDisallowedByPolicy",
        None,
        ErrorKind::Denied(Denial::AzurePolicy),
        "Azure Policy",
    ),
    row(403, "Whatever", None, ErrorKind::Denied(Denial::Unspecified), "vaults/write"),
    row(404, "ResourceGroupNotFound", None, ErrorKind::Absent, "resource group"),
    row(404, "SubscriptionNotFound", None, ErrorKind::Absent, "subscription"),
    row(409, "VaultAlreadyExists", None, ErrorKind::NameTaken, "another name"),
    row(409, "ConflictError", None, ErrorKind::SoftDeleted, "recover"),
    row(409, "MissingSubscriptionRegistration", None, ErrorKind::Conflict, "az provider register"),
    row(409, "AnotherOperationInProgress", None, ErrorKind::Conflict, "another operation"),
    row(429, "TooManyRequests", None, ErrorKind::Throttled, "Resource Manager"),
    row(429, "SubscriptionRequestsThrottled", None, ErrorKind::Throttled, "Resource Manager"),
];

#[tokio::test(start_paused = true)]
async fn resource_managers_answers() {
    for row in CONTROL {
        let world = World::new();
        let fault = Fault::on(Operation::CreateVault).error(row.status, row.code, row.inner);
        world.cloud.fault(fault);
        let vault = crate::directory::new_vault(&world, "fabrikam");
        let error = world.directory().create(&world.tenant(), &vault).await.expect_err("refused");
        check(&error, row, &format!("create vault {}", vault.id));
    }
}

#[tokio::test(start_paused = true)]
async fn resource_managers_failures() {
    for (status, code) in [(500, "InternalServerError"), (503, "ServerBusy")] {
        let world = World::new();
        let id = crate::directory::vault_id(&world, "contoso");
        world.cloud.fault(Fault::on(Operation::GetVault).error(status, code, None));
        let looked = world.directory().vault(&world.tenant(), &id).await.expect_err("failed");
        let failed = row(
            status,
            code,
            None,
            ErrorKind::Unavailable,
            "the service failed (server \
                                                                      error)",
        );
        check(&looked, &failed, &format!("read vault {id}"));

        let world = World::new();
        world.cloud.fault(Fault::on(Operation::CreateVault).error(status, code, None));
        let vault = crate::directory::new_vault(&world, "fabrikam");
        let created = world.directory().create(&world.tenant(), &vault).await;
        let error = created.expect_err("failed").to_string();
        assert!(error.contains(code) && error.contains("cannot tell"), "{error}");
    }
}

fn check(error: &Error, row: &Row, operation: &str) {
    let Row { status, code, inner, kind, says } = *row;
    assert_eq!(error.kind(), kind, "{code}/{inner:?}: {error}");
    let text = error.to_string();
    assert!(text.starts_with(&format!("cannot {operation}")), "{text}");
    assert!(text.contains(says), "{code}/{inner:?} does not say {says:?}: {text}");
    let reply = error.reply().expect("what the service said");
    assert_eq!(reply.status, status);
    assert_eq!(reply.code.as_deref(), Some(code));
    assert_eq!(reply.inner_code.as_deref(), inner);
    assert!(reply.request_id.is_some(), "{code}: support asks for the request id");
}

const OFFICER: &str = "Key Vault Certificates Officer";
