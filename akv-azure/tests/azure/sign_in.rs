//! Sign-in, and every way in which it is rejected.

use std::io::Write;
use std::path::PathBuf;

use akv_core::{CertificateStore, Cloud, Credential, Error, ErrorKind};
use akv_testkit::{Fault, Operation};
use tokio::time::Instant;

use crate::world::{World, name, seconds};

async fn signing_in(world: &World, credential: &Credential) -> Result<(), Error> {
    world.store_as(credential).certificate(&name("web")).await.map(drop)
}

async fn refused(world: &World) -> Error {
    signing_in(world, &world.credential()).await.expect_err("refused")
}

#[tokio::test(start_paused = true)]
async fn a_thousand_requests_of_many_stores_ask_for_one_token() {
    let world = World::new();
    let stores: Vec<_> = (0..100).map(|_| world.store()).collect();
    let web = name("web");
    let asked = stores.iter().flat_map(|store| {
        let web = &web;
        (0..10).map(move |_| store.certificate(web))
    });
    let answers = futures::future::join_all(asked).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(world.cloud.journal().count(Operation::Token), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_whose_lifetime_is_absurd_is_none() {
    for lifetime in ["999999999999", "9223372036854775807", "-999999999999"] {
        let body =
            format!(r#"{{"token_type":"Bearer","access_token":"x","expires_in":{lifetime}}}"#);
        let world = World::new();
        world.cloud.fault(Fault::on(Operation::Token).body(200, "application/json", &body));
        let error = refused(&world).await;
        assert_eq!(error.kind(), ErrorKind::Protocol, "{lifetime}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_cannot_be_sent_is_named() {
    for (body, says) in [
        (r#"{"token_type":"Bearer","expires_in":3600,"access_token":"a\r\nb: c"}"#, "characters"),
        (r#"{"token_type":"Bearer","expires_in":3600,"access_token":"a\u0000b"}"#, "characters"),
        (r#"{"token_type":"Bearer","expires_in":3600,"access_token":""}"#, "empty"),
        (r#"{"token_type":"PoP","expires_in":3600,"access_token":"x"}"#, "not Bearer"),
    ] {
        let world = World::new();
        world.cloud.fault(Fault::on(Operation::Token).body(200, "application/json", body));
        let error = refused(&world).await;
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!(world.cloud.journal().count(Operation::Token), 1, "{error}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_credential_file_that_is_a_pipe_or_a_device_does_not_hang() {
    let world = World::new();
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let client_id: akv_core::ClientId = world.cloud.client_id().parse().expect("an id");
    for file in [pipe, PathBuf::from("/dev/zero")] {
        let token_file = file.clone();
        for credential in [
            Credential::WorkloadIdentity { client_id, token_file },
            Credential::ClientCertificate {
                client_id,
                certificate: file.clone().into(),
                password: "".into(),
            },
        ] {
            let error = signing_in(&world, &credential).await.expect_err("unusable");
            assert!(error.to_string().contains("not a regular file"), "{error}");
        }
    }
    assert_eq!(world.cloud.journal().total(), 0);
}

#[tokio::test(start_paused = true)]
async fn another_tenant_has_another_token() {
    let other = "7e4a47e4-0000-4000-8000-000000000002";
    let world = World::with(|cloud| cloud.vault("contoso").tenant(other));
    let directory = world.directory();
    let tenants = [world.tenant(), other.parse().expect("a tenant"), world.tenant()];
    for tenant in &tenants {
        akv_core::VaultDirectory::subscriptions(&directory, tenant).await.expect("listed");
    }
    assert_eq!(world.cloud.journal().count(Operation::Token), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_replaced_ahead_of_its_end() {
    let world = World::with(|cloud| cloud.vault("contoso").token_lifetime(seconds(3600)));
    let store = world.store();
    for _ in 0..20 {
        store.certificate(&name("web")).await.expect("a look");
        tokio::time::sleep(seconds(600)).await;
    }
    let journal = world.cloud.journal();
    assert!(journal.of(Operation::GetCertificate).iter().all(|entry| entry.status == 404));
    assert!(
        (3..=5).contains(&journal.count(Operation::Token)),
        "{}",
        journal.count(Operation::Token)
    );
}

#[tokio::test(start_paused = true)]
async fn a_revoked_token_is_replaced_once() {
    let world = World::new();
    let store = world.store();
    store.certificate(&name("web")).await.expect("a look");
    world.cloud.revoke_tokens();
    store.certificate(&name("web")).await.expect("a look with a new token");
    assert_eq!(world.cloud.journal().count(Operation::Token), 2);
}

#[tokio::test(start_paused = true)]
async fn managed_identities_of_both_kinds() {
    let world = World::new();
    let user = world.cloud.user_identity();
    let identity = Credential::UserAssignedIdentity { client_id: user.parse().expect("an id") };
    signing_in(&world, &identity).await.expect("signed in");
    signing_in(&world, &Credential::SystemAssignedIdentity).await.expect("signed in");
    let imds = world.cloud.journal().of(Operation::ImdsToken);
    assert_eq!(imds.len(), 2);
    assert!(imds.iter().all(|entry| entry.host == "169.254.169.254"));
    let reads = world.cloud.journal().of(Operation::GetCertificate);
    assert_eq!(reads[0].principal.as_deref(), Some(user.as_str()));
}

#[tokio::test(start_paused = true)]
async fn only_a_service_principal_needs_a_tenant() {
    let world = World::new();
    let address = world.address("contoso", Cloud::public()).with_tenant(None);
    assert!(world.azure.store(&address, &Credential::SystemAssignedIdentity).is_ok());
    let error = world.azure.store(&address, world.credential()).expect_err("no tenant");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("no tenant"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn missing_managed_identity_is_reported_at_once() {
    let world = World::new();
    world.cloud.remove_system_identity();
    let start = Instant::now();
    let error =
        signing_in(&world, &Credential::SystemAssignedIdentity).await.expect_err("no identity");
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    assert!(error.to_string().contains("enable the system-assigned identity"), "{error}");
    assert_eq!(start.elapsed(), seconds(0));
    assert_eq!(world.cloud.journal().count(Operation::ImdsToken), 1);
}

#[tokio::test(start_paused = true)]
async fn trouble_of_the_metadata_service_is_waited_out() {
    for status in [404, 410, 429, 500, 503] {
        let world = World::new();
        world.cloud.fault(Fault::on(Operation::ImdsToken).first(2).status(status));
        signing_in(&world, &Credential::SystemAssignedIdentity).await.expect("signed in");
        assert_eq!(world.cloud.journal().count(Operation::ImdsToken), 3, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn absent_metadata_service_times_out_at_the_deadline() {
    let world = World::new();
    world.cloud.fault(Fault::on(Operation::ImdsToken).status(410));
    let start = Instant::now();
    let error =
        signing_in(&world, &Credential::SystemAssignedIdentity).await.expect_err("no token");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(start.elapsed() <= seconds(121), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn metadata_service_is_absent_outside_azure() {
    let world = World::new();
    world.cloud.fault(Fault::on(Operation::ImdsToken).unreachable());
    let start = Instant::now();
    let error =
        signing_in(&world, &Credential::SystemAssignedIdentity).await.expect_err("no service");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("Azure Arc is not supported"), "{error}");
    assert!(start.elapsed() <= seconds(30), "{:?}", start.elapsed());
}

fn file(content: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(content).expect("written");
    file
}

#[tokio::test(start_paused = true)]
async fn workload_identity_signs_in_with_the_files_token() {
    let world = World::new();
    let token = file(world.cloud.federated_assertion().as_bytes());
    let credential = Credential::WorkloadIdentity {
        client_id: world.cloud.client_id().parse().expect("an id"),
        token_file: token.path().to_owned(),
    };
    signing_in(&world, &credential).await.expect("signed in");
    let missing = Credential::WorkloadIdentity {
        client_id: world.cloud.client_id().parse().expect("an id"),
        token_file: PathBuf::from("not-there"),
    };
    let error = signing_in(&world, &missing).await.expect_err("no file");
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.to_string().contains("not-there"), "{error}");
}

fn certificate(world: &World, file: &tempfile::NamedTempFile) -> Credential {
    Credential::ClientCertificate {
        client_id: world.cloud.client_id().parse().expect("an id"),
        certificate: file.path().to_owned().into(),
        password: "".into(),
    }
}

#[tokio::test]
async fn client_certificate_sends_a_signed_assertion_and_no_secret() {
    let mut world = World::new();
    let tap = world.tap(
        "/oauth2/v2.0/token",
        Some((401, r#"{"error":"invalid_client","error_codes":[700027]}"#)),
    );
    let file = file(&world.leaf("akv.contoso.com").pfx());
    let error = signing_in(&world, &certificate(&world, &file)).await.expect_err("refused");
    assert!(error.to_string().contains("upload this certificate"), "{error}");
    let sent = tap.sent();
    let [form] = sent.as_slice() else { panic!("{} requests", sent.len()) };
    let field = |name: &str| {
        let prefix = format!("{name}=");
        form.split('&').find_map(|pair| pair.strip_prefix(&prefix)).expect("a field").to_owned()
    };
    assert_eq!(field("client_assertion").split('.').count(), 3);
    assert!(field("client_assertion_type").ends_with("jwt-bearer"));
    assert_eq!(field("scope"), "https%3A%2F%2Fvault.azure.net%2F.default");
    assert!(!form.contains("client_secret"));
}

#[tokio::test]
async fn only_a_registered_client_certificate_signs_in() {
    let world = World::new();
    let leaf = world.leaf("akv.contoso.com");
    let file = file(&leaf.pfx());
    let error = signing_in(&world, &certificate(&world, &file)).await.expect_err("unknown");
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    assert!(error.to_string().contains("AADSTS700027"), "{error}");
    world.cloud.add_client_certificate(leaf.der()).expect("a client certificate");
    signing_in(&world, &certificate(&world, &file)).await.expect("signed in");
    assert_eq!(world.cloud.journal().count(Operation::Token), 2);
}

#[tokio::test]
async fn unusable_client_certificate_is_reported_before_sending() {
    let world = World::new();
    let elliptic = world.leaf_with("akv.contoso.com", akv_testkit::pki::Key::P256).pfx();
    for (content, says) in
        [(elliptic, "RSA"), (b"not a certificate".to_vec(), "client certificate")]
    {
        let file = file(&content);
        let error = signing_in(&world, &certificate(&world, &file)).await.expect_err("unusable");
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        assert!(error.to_string().contains(says), "{error}");
    }
    assert_eq!(world.cloud.journal().total(), 0);
}

#[tokio::test(start_paused = true)]
async fn every_known_code_is_classified_and_not_retried() {
    for (code, says) in [
        (7_000_215, "the client secret is wrong"),
        (7_000_222, "the client secret has expired"),
        (700_027, "client certificate"),
        (700_016, "the application is not in this tenant"),
        (90_002, "there is no such tenant"),
        (900_023, "neither a GUID nor a domain name"),
        (70_011, "the scope is not valid"),
        (500_011, "no service principal for that audience"),
        (53_003, "Conditional Access"),
        (50_034, "account does not exist"),
        (7_000_112, "the application is disabled"),
        (65_001, "no consent"),
        (1_234_567, "list of AADSTS error codes"),
    ] {
        let world = World::new();
        world.cloud.fault(Fault::on(Operation::Token).aadsts(code));
        let error = refused(&world).await;
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{code}: {error}");
        let text = error.to_string();
        assert!(text.contains(says), "{code} does not say {says:?}: {text}");
        assert!(text.contains(&format!("AADSTS{code}")), "{text}");
        assert!(text.starts_with("cannot get certificate web in vault contoso"), "{text}");
        assert!(error.advice().is_some_and(|advice| !advice.is_empty()), "{text}");
        assert_eq!(world.cloud.journal().count(Operation::Token), 1, "{code}: once is enough");
    }
}

#[tokio::test(start_paused = true)]
async fn the_fakes_own_refusals() {
    let world = World::new();
    let wrong = Credential::ClientSecret {
        client_id: world.cloud.client_id().parse().expect("an id"),
        secret: "not the secret".into(),
    };
    let error = signing_in(&world, &wrong).await.expect_err("wrong");
    assert!(error.to_string().contains("the client secret is wrong"), "{error}");
    assert!(!error.to_string().contains("not the secret"), "{error}");
    world.cloud.expire_client_secret();
    assert!(refused(&world).await.to_string().contains("has expired"));
}

#[tokio::test(start_paused = true)]
async fn trouble_of_the_authority_is_waited_out() {
    let first = || Fault::on(Operation::Token).first(2);
    for fault in [
        first().status(500),
        first().status(503),
        first().status(429).with_header("retry-after", "3"),
        first().html(502),
        first().close_connection(),
        first().unreachable(),
    ] {
        let world = World::new();
        world.cloud.fault(fault.clone());
        signing_in(&world, &world.credential()).await.unwrap_or_else(|error| {
            panic!("{fault:?}: {error}");
        });
    }
}

#[tokio::test(start_paused = true)]
async fn foreign_token_response_is_reported() {
    for (fault, kind, says) in [
        (Fault::on(Operation::Token).html(403), ErrorKind::Protocol, "proxy"),
        (Fault::on(Operation::Token).html(200), ErrorKind::Protocol, "contains no token"),
        (
            Fault::on(Operation::Token).html(502),
            ErrorKind::Unavailable,
            "login.microsoftonline.com",
        ),
        (Fault::on(Operation::Token).empty(407), ErrorKind::Unavailable, "HTTPS_PROXY"),
        (
            Fault::on(Operation::Token).redirect("https://evil.example/token"),
            ErrorKind::UntrustedHost,
            "redirect",
        ),
        (
            Fault::on(Operation::Token).huge_body(100 << 20),
            ErrorKind::Protocol,
            "exceeds the limit",
        ),
        (Fault::on(Operation::Token).unreachable(), ErrorKind::Unavailable, "no connection to"),
    ] {
        let world = World::new();
        world.cloud.fault(fault.clone());
        let error = refused(&world).await;
        assert_eq!(error.kind(), kind, "{fault:?}: {error}");
        assert!(error.to_string().contains(says), "{fault:?} does not say {says:?}: {error}");
        let hosts: Vec<_> = world.cloud.journal().entries().into_iter().map(|it| it.host).collect();
        assert!(hosts.iter().all(|host| host == "login.microsoftonline.com"), "{hosts:?}");
    }
}
