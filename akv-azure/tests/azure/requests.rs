//! Keys generated in the vault, signed elsewhere and merged: the decisions, and convergence after
//! any kill.

use std::sync::{Arc, Mutex};

use akv_azure::{Azure, AzureOptions, KeyVault};
use akv_core::bundle::{AlternativeName, CertificateRequest, X509};
use akv_core::job::{
    CertificateSpec, Effect, ExistingTags, KeyRequest, MergeRequest, Outcome, Overwrite,
    RequestJob, RequestJobs, Status,
};
use akv_core::{
    CertificateRequests, CertificateStore, Cloud, ErrorKind, Exportable, FixedClock, KeyProtection,
    OperationState, RequestedCertificate, Tags,
};
use akv_testkit::pki::{Key, TestPki};
use akv_testkit::{Fault, Operation, VaultPlan};
use async_trait::async_trait;
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use time::OffsetDateTime;

use crate::change::lost_reply_faults;
use crate::converge::Mortal;
use crate::planned_first::PlannedFirst;
use crate::world::{World, importing, name, tags};

fn vault(world: &World, transport: Arc<dyn HttpClient>) -> Arc<KeyVault> {
    let azure = Azure::new(AzureOptions::default().with_transport(transport)).expect("options");
    let address = world.address("contoso", Cloud::public());
    Arc::new(azure.store(&address, world.credential()).expect("a store"))
}

/// Jobs in situations that no plan can foresee.
fn unplanned(world: &World, transport: Arc<dyn HttpClient>) -> RequestJobs {
    let (vault, now) = (vault(world, transport), world.cloud.clock().now());
    RequestJobs::new(Arc::clone(&vault) as _, vault, Arc::new(FixedClock::at(now)))
}

fn jobs_over(world: &World, transport: Arc<dyn HttpClient>, now: OffsetDateTime) -> PlannedFirst {
    PlannedFirst {
        vault: vault(world, transport),
        journal: world.cloud.journal().clone(),
        clock: Arc::new(FixedClock::at(now)),
    }
}

fn jobs(world: &World) -> PlannedFirst {
    jobs_over(world, world.cloud.transport(), world.cloud.clock().now())
}

fn wanted(key: &str) -> RequestedCertificate {
    let names = ["www.contoso.com", "contoso.com"].map(|it| AlternativeName::dns(it).expect("DNS"));
    RequestedCertificate::new(r#"CN=www.contoso.com, O="Contoso, Ltd.""#.parse().expect("a name"))
        .with_names(names)
        .with_key(key.parse().expect("a key"))
}

fn asking(wanted: RequestedCertificate) -> KeyRequest {
    KeyRequest::new(name("web"), CertificateSpec::Explicit(wanted))
}

fn csr(outcome: &Outcome) -> CertificateRequest {
    let Effect::Requested { csr, .. } = outcome.effect() else { unreachable!("{outcome:?}") };
    csr.clone().expect("a request that was made")
}

pub(crate) fn pem(certificates: &[Vec<u8>]) -> Vec<u8> {
    let block = |der: &Vec<u8>| {
        let body = STANDARD.encode(der);
        format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
    };
    certificates.iter().map(block).collect::<String>().into_bytes()
}

fn merging(certificates: &[Vec<u8>]) -> MergeRequest {
    MergeRequest::new(name("web"), pem(certificates))
}

async fn state(world: &World) -> Option<OperationState> {
    world.store().operation(&name("web")).await.expect("a look")
}

/// A transport that records its traffic.
#[derive(Debug)]
struct Recording {
    inner: Arc<dyn HttpClient>,
    seen: Mutex<Vec<u8>>,
}

#[async_trait]
impl HttpClient for Recording {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        if let Body::Bytes(body) = request.body() {
            self.seen.lock().expect("no panic").extend_from_slice(body);
        }
        let response = self.inner.execute_request(request).await?;
        let (status, headers, body) = response.deconstruct();
        let body = body.collect().await?;
        self.seen.lock().expect("no panic").extend_from_slice(&body);
        Ok(AsyncRawResponse::from_bytes(status, headers, body))
    }
}

/// The private keys in the fake's state.
fn keys(value: &Value, found: &mut Vec<Vec<u8>>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str().filter(|_| name == "key").map(|it| STANDARD.decode(it)) {
                    Some(Ok(key)) if key.len() > 64 => found.push(key),
                    _ => keys(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
        _ => {}
    }
}

#[tokio::test(start_paused = true)]
async fn key_made_in_the_vault_is_merged_and_never_travels() {
    let software = KeyProtection::Software;
    for (key, protection) in [
        ("rsa-2048", software),
        ("ec-p256", software),
        ("ec-p384", software),
        ("rsa-2048", KeyProtection::Hsm),
        ("ec-p256", KeyProtection::Hsm),
    ] {
        let world = World::with(|cloud| cloud.vault_with("contoso", VaultPlan::premium));
        let (inner, seen) = (world.cloud.transport(), Mutex::default());
        let recording = Arc::new(Recording { inner, seen });
        let now = world.cloud.clock().now();
        let jobs = jobs_over(&world, Arc::clone(&recording) as _, now);
        let exportable =
            if protection == KeyProtection::Hsm { Exportable::No } else { Exportable::Yes };
        let wanted = wanted(key).with_protection(protection).with_exportable(exportable);
        let given = tags(&[("owner", "pki")]);
        let asked = asking(wanted).with_tags(given.clone(), ExistingTags::Replace);
        let requested = jobs.request(&asked).await;
        assert_eq!(requested.status(), Status::Success, "{key}: {}", requested.message());
        let pki = TestPki::new(now);
        let issued = pki.sign(csr(&requested).der()).expect("signed");
        let merged = jobs.merge(&merging(&issued)).await;
        assert_eq!(merged.status(), Status::Success, "{key}: {}", merged.message());
        assert!(merged.notes().is_empty(), "{:?}", merged.notes());
        let newest = world.cloud.vault("contoso").newest("web").expect("a version");
        assert_eq!(newest.certificates, issued, "the whole chain");
        assert_eq!(newest.exportable, exportable == Exportable::Yes);
        assert_eq!(Tags::as_stored(newest.tags), given);

        let mut held = Vec::new();
        keys(&serde_json::from_str(&world.cloud.save()).expect("JSON"), &mut held);
        assert!(!held.is_empty(), "the fake keeps its keys");
        let seen = recording.seen.lock().expect("no panic");
        assert!(seen.len() > 2000, "requests and answers are recorded");
        for key in held {
            // The last integer of an RSA key, or the middle of an EC key's.
            let at = if key.len() > 300 { key.len() - 48 } else { 38 };
            let secret = key.get(at..at + 26).expect("a key");
            // Every base64 encoding of the key contains one of these parts.
            assert!(!seen.windows(secret.len()).any(|window| window == secret));
            for skip in 0..3 {
                let text = STANDARD.encode(secret.get(skip..skip + 18).expect("a part"));
                assert!(!seen.windows(text.len()).any(|window| window == text.as_bytes()));
            }
        }
        assert!(!seen.windows(11).any(|window| window == b"PRIVATE KEY"));
    }
}

#[tokio::test(start_paused = true)]
async fn same_request_is_continued_and_another_is_replaced() {
    let world = World::new();
    let first = jobs(&world).request(&asking(wanted("ec-p256"))).await;
    let mut reordered = wanted("ec-p256");
    reordered.names.reverse();
    for same in [wanted("ec-p256"), reordered] {
        let again = jobs(&world).request(&asking(same)).await;
        assert_eq!(again.status(), Status::Success);
        assert_eq!(csr(&again), csr(&first), "{}", again.message());
        assert!(again.message().contains("pending"), "{}", again.message());
    }
    assert_eq!(world.cloud.journal().count(Operation::CreateCertificate), 1);
    let mut last = csr(&first);
    let mut fewer = wanted("ec-p384");
    fewer.names.pop();
    let mut plainer = fewer.clone();
    plainer.subject = "CN=www.contoso.com".parse().expect("a name");
    let kept = plainer.clone().with_exportable(Exportable::No);
    for other in [wanted("ec-p384"), fewer, plainer, kept] {
        let replaced = jobs(&world).request(&asking(other)).await;
        assert_eq!(replaced.status(), Status::Success, "{}", replaced.message());
        assert!(
            replaced.message().contains("replaced another pending request"),
            "{}",
            replaced.message()
        );
        assert_ne!(csr(&replaced), last);
        last = csr(&replaced);
    }
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_name_is_supported_or_rejected() {
    let world = World::new();
    let names = [
        AlternativeName::dns("*.contoso.com"),
        AlternativeName::email("pki@contoso.com"),
        AlternativeName::user_principal_name("svc@contoso.com"),
        AlternativeName::uri("spiffe://contoso/web"),
        AlternativeName::address("10.0.0.1"),
        AlternativeName::address("2001:db8::1"),
    ];
    let names = names.map(|name| name.expect("a name"));
    let all = RequestedCertificate::new("CN=web".parse().expect("a name"))
        .with_names(names.clone())
        .with_key("ec-p256".parse().expect("a key"));
    let requested = jobs(&world).request(&asking(all)).await;
    assert_eq!(requested.status(), Status::Success, "{}", requested.message());
    assert_eq!(csr(&requested).alternative_names().len(), names.len());
}

#[tokio::test(start_paused = true)]
async fn mismatching_request_is_deleted() {
    let mut world = World::new();
    // The answer of a service that creates something else.
    let other = RequestedCertificate::new("CN=other".parse().expect("a name"));
    let other = jobs(&world).request(&asking(other)).await;
    let body = serde_json::json!({
        "id": "https://contoso.vault.azure.net/certificates/web/pending",
        "issuer": {"name": "Unknown"}, "status": "inProgress",
        "csr": STANDARD.encode(csr(&other).der()),
    });
    let body: &'static str = Box::leak(body.to_string().into_boxed_str());
    jobs(&world).cancel(&name("web")).await;
    let tap = world.tap("/create", Some((202, body)));
    let jobs = unplanned(&world, tap);
    let requested = jobs.request(&asking(wanted("ec-p256"))).await;
    assert_eq!(requested.status(), Status::Failure);
    let message = requested.message();
    assert!(message.contains("another subject, other names"), "{message}");
    assert_eq!(requested.error().map(akv_core::Error::kind), Some(ErrorKind::Protocol));
}

#[tokio::test(start_paused = true)]
async fn existing_name_without_overwrite_is_a_warning() {
    let world = World::new();
    let old = world.leaf_with("old.example", Key::P256);
    world.store().import(&importing("web", &old)).await.expect("an import");
    let refused = jobs(&world).request(&asking(wanted("ec-p256"))).await;
    assert_eq!(refused.status(), Status::Warning, "{}", refused.message());
    assert_eq!(world.cloud.journal().count(Operation::CreateCertificate), 0);
    // With overwrite, clients get the old version until the merge.
    let asked = asking(wanted("ec-p256")).with_overwrite(Overwrite::Yes);
    let requested = jobs(&world).request(&asked).await;
    assert_eq!(requested.status(), Status::Success, "{}", requested.message());
    let newest = world.store().certificate(&name("web")).await.expect("a look").expect("it");
    assert_eq!(newest.thumbprint, Some(old.thumbprint()));
    world.store().delete(&name("web")).await.expect("a deletion");
    let deleted = jobs(&world).request(&asking(wanted("ec-p256"))).await;
    assert_eq!(deleted.status(), Status::Failure);
    assert_eq!(deleted.error().map(akv_core::Error::kind), Some(ErrorKind::SoftDeleted));
}

#[tokio::test(start_paused = true)]
async fn request_like_the_newest_version_renews_it() {
    let world = World::new();
    let asked = wanted("ec-p384").with_exportable(Exportable::No);
    let first = jobs(&world).request(&asking(asked)).await;
    let pki = TestPki::new(world.cloud.clock().now());
    jobs(&world).merge(&merging(&pki.sign(csr(&first).der()).expect("signed"))).await;
    let like = KeyRequest::new(name("web"), CertificateSpec::LikeNewest)
        .with_overwrite(Overwrite::Yes)
        .with_tags(tags(&[("round", "2")]), ExistingTags::Preserve);
    let renewed = jobs(&world).request(&like).await;
    assert_eq!(renewed.status(), Status::Success, "{}", renewed.message());
    let (old, new) = (csr(&first), csr(&renewed));
    assert_ne!(old, new, "a renewal has a key of its own");
    assert_eq!(new.subject(), old.subject());
    assert_eq!(new.alternative_names(), old.alternative_names());
    assert_eq!(new.key_kind(), old.key_kind());
    let merged = jobs(&world).merge(&merging(&pki.sign(new.der()).expect("signed"))).await;
    assert_eq!(merged.status(), Status::Success, "{}", merged.message());
    let newest = world.cloud.vault("contoso").newest("web").expect("a version");
    assert!(!newest.exportable, "as it was");
    let nothing = KeyRequest::new(name("none"), CertificateSpec::LikeNewest);
    assert_eq!(jobs(&world).request(&nothing).await.status(), Status::Failure);
}

#[tokio::test(start_paused = true)]
async fn hsm_key_needs_a_premium_vault_and_is_not_exportable() {
    let world = World::new();
    let hsm = wanted("ec-p256").with_protection(KeyProtection::Hsm);
    let refused = jobs(&world).request(&asking(hsm.clone())).await;
    assert_eq!(refused.status(), Status::Failure);
    assert!(refused.message().contains("cannot be exportable"), "{}", refused.message());
    assert_eq!(world.cloud.journal().count(Operation::CreateCertificate), 0);
    let jobs = unplanned(&world, world.cloud.transport());
    let refused = jobs.request(&asking(hsm.with_exportable(Exportable::No))).await;
    assert_eq!(refused.status(), Status::Failure);
    assert_eq!(refused.error().map(akv_core::Error::kind), Some(ErrorKind::Invalid));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_for_a_certificate_that_does_not_fit() {
    let world = World::new();
    let now = world.cloud.clock().now();
    let pki = TestPki::new(now);
    let requested = jobs(&world).request(&asking(wanted("ec-p256"))).await;
    let issued = pki.sign(csr(&requested).der()).expect("signed");
    let stranger = world.leaf_with("www.contoso.com", Key::P256);
    let later = now + time::Duration::days(800);
    for (certificates, at, message) in [
        (vec![stranger.der().to_vec()], now, "has the key of the pending request"),
        (vec![pki.root().to_vec()], now, "has the key of the pending request"),
        (issued.clone(), later, "expired"),
    ] {
        let jobs = jobs_over(&world, world.cloud.transport(), at);
        let merged = jobs.merge(&merging(&certificates)).await;
        assert_eq!(merged.status(), Status::Failure);
        assert!(merged.message().contains(message), "{}", merged.message());
    }
    for file in [&b""[..], b"no certificate", b"-----BEGIN CERTIFICATE-----\nMIIB", &[0x30; 200]] {
        let merged = jobs(&world).merge(&MergeRequest::new(name("web"), file.to_vec())).await;
        assert_eq!(merged.status(), Status::Failure, "{}", merged.message());
    }
    assert_eq!(world.cloud.journal().count(Operation::MergePending), 0);
    assert_eq!(state(&world).await, Some(OperationState::InProgress));
    // Only the leaf, in DER: the chain comes from elsewhere, or its absence is reported.
    let leaf = issued.first().expect("a leaf").clone();
    let others = issued.iter().skip(1).map(|der| X509::from_der(der).expect("a certificate"));
    let complete = MergeRequest::new(name("web"), leaf.clone()).with_issuers(others.collect());
    let merged = jobs(&world).merge(&complete).await;
    assert_eq!(merged.status(), Status::Success, "{}", merged.message());
    assert_eq!(world.cloud.vault("contoso").newest("web").expect("it").certificates, issued);
    // Merged already.
    for again in [MergeRequest::new(name("web"), leaf), merging(&issued)] {
        let again = jobs(&world).merge(&again).await;
        assert_eq!(again.status(), Status::Success, "{}", again.message());
        assert!(matches!(again.effect(), Effect::Unchanged { .. }));
    }
    let late = jobs(&world).merge(&merging(&[stranger.der().to_vec()])).await;
    assert!(late.message().contains("no request with this name is pending"), "{}", late.message());
}

#[tokio::test(start_paused = true)]
async fn incomplete_chain_is_a_finding() {
    let world = World::new();
    let pki = TestPki::new(world.cloud.clock().now());
    let requested = jobs(&world).request(&asking(wanted("ec-p256"))).await;
    let issued = pki.sign(csr(&requested).der()).expect("signed");
    let merged = jobs(&world).merge(&merging(issued.get(..1).expect("a leaf"))).await;
    assert_eq!(merged.status(), Status::Success);
    assert!(merged.message().contains("missing-intermediate"), "{}", merged.message());
}

#[tokio::test(start_paused = true)]
async fn request_is_cancelled_once() {
    let world = World::new();
    jobs(&world).request(&asking(wanted("ec-p256"))).await;
    let cancelled = jobs(&world).cancel(&name("web")).await;
    assert_eq!(cancelled.status(), Status::Success, "{}", cancelled.message());
    assert_eq!(state(&world).await, None);
    for never in ["web", "none"] {
        let nothing = jobs(&world).cancel(&name(never)).await;
        assert_eq!(nothing.status(), Status::Warning, "{}", nothing.message());
    }
}

#[tokio::test(start_paused = true)]
async fn request_with_an_issuer_is_not_changed() {
    let mut world = World::new();
    jobs(&world).request(&asking(wanted("ec-p256"))).await;
    let store = world.store();
    let pending = store.request(&name("web")).await.expect("a look").expect("a request");
    assert!(pending.awaits_merge && pending.is_pending());
    let body = r#"{"issuer": {"name": "DigiCert"}, "status": "inProgress", "csr": ""}"#;
    let tap = world.tap("/pending", Some((200, body)));
    let jobs = jobs_over(&world, tap, world.cloud.clock().now());
    for outcome in [jobs.cancel(&name("web")).await, jobs.request(&asking(wanted("ec-p384"))).await]
    {
        assert_eq!(outcome.status(), Status::Failure, "{}", outcome.message());
        assert_eq!(outcome.error().map(akv_core::Error::kind), Some(ErrorKind::Conflict));
    }
}

#[tokio::test(start_paused = true)]
async fn lost_answers_leave_one_request_and_one_version() {
    for operation in
        [Operation::CreateCertificate, Operation::MergePending, Operation::DeletePending]
    {
        for fault in lost_reply_faults(operation) {
            let world = World::new();
            let pki = TestPki::elliptic(world.cloud.clock().now());
            let counter = world.cloud.fault(fault.clone());
            if operation == Operation::DeletePending {
                jobs(&world).request(&asking(wanted("ec-p384"))).await;
            }
            let requested = jobs(&world).request(&asking(wanted("ec-p256"))).await;
            assert_eq!(requested.status(), Status::Success, "{fault:?} {}", requested.message());
            let issued = pki.sign(csr(&requested).der()).expect("signed");
            let merged = jobs(&world).merge(&merging(&issued)).await;
            assert_eq!(merged.status(), Status::Success, "{fault:?} {}", merged.message());
            assert_eq!(counter.hits(), 1, "{fault:?}");
            assert_eq!(world.cloud.vault("contoso").versions("web").len(), 1, "{fault:?}");
            let sent = world.cloud.journal().count(Operation::MergePending);
            assert_eq!(sent, 1, "{fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn service_at_work_on_the_request_is_waited_for() {
    let world = World::new();
    jobs(&world).request(&asking(wanted("ec-p256"))).await;
    let busy = Fault::on(Operation::DeletePending).first(3).error(409, "Conflict", None);
    let counter = world.cloud.fault(busy);
    let cancelled = jobs(&world).cancel(&name("web")).await;
    assert_eq!(cancelled.status(), Status::Success, "{}", cancelled.message());
    assert_eq!(counter.hits(), 3);
}

/// Requests, has the request signed and merges: the sequence of one Command job, or of a person
/// with two commands.
async fn whole(jobs: &impl RequestJob, pki: &TestPki, key: &str) -> Outcome {
    let given = tags(&[("owner", "pki")]);
    let asked = asking(wanted(key)).with_tags(given.clone(), ExistingTags::Replace);
    let requested = jobs.request(&asked).await;
    if !matches!(requested.effect(), Effect::Requested { .. }) {
        return requested;
    }
    let issued = pki.sign(csr(&requested).der()).expect("signed");
    jobs.merge(&merging(&issued).with_tags(given, ExistingTags::Replace)).await
}

/// Runs it until it is killed at that request. `None`: it was killed.
async fn until_killed(
    world: &World,
    pki: &TestPki,
    key: &str,
    requests: usize,
    after: bool,
) -> Option<Outcome> {
    let mortal = Mortal::new(world, requests, after);
    let jobs = unplanned(world, Arc::clone(&mortal) as _);
    tokio::select! {
        biased;
        () = mortal.died.notified() => None,
        outcome = whole(&jobs, pki, key) => Some(outcome),
    }
}

/// Every request at which a run can be killed, and every request at which the next run can.
#[tokio::test(start_paused = true)]
async fn reenrollment_completes_after_any_kill() {
    let pki = TestPki::elliptic(OffsetDateTime::now_utc());
    let mut runs = 0;
    for pending_before in [false, true] {
        for after in [false, true] {
            for first in 1..40 {
                let mut died_first = false;
                for second in 1..40 {
                    let world = World::new();
                    if pending_before {
                        jobs(&world).request(&asking(wanted("ec-p384"))).await;
                    }
                    died_first =
                        until_killed(&world, &pki, "ec-p256", first, after).await.is_none();
                    if !died_first {
                        break;
                    }
                    let died =
                        until_killed(&world, &pki, "ec-p256", second, !after).await.is_none();
                    let last = whole(&jobs(&world), &pki, "ec-p256").await;
                    runs += 1;
                    let place = format!("{first}, {second}, {after}: {}", last.message());
                    let merged_before = last.status() == Status::Warning
                        && last.message().contains("already exists");
                    assert!(last.status() == Status::Success || merged_before, "{place}");
                    let versions = world.cloud.vault("contoso").versions("web");
                    assert_eq!(versions.len(), 1, "{place}");
                    let newest = world.cloud.vault("contoso").newest("web").expect("it");
                    assert_eq!(newest.certificates.len(), 3, "{place}");
                    assert_eq!(Tags::as_stored(newest.tags), tags(&[("owner", "pki")]), "{place}");
                    assert_ne!(state(&world).await, Some(OperationState::InProgress), "{place}");
                    if !died {
                        break;
                    }
                }
                if !died_first {
                    break;
                }
            }
        }
    }
    assert!(runs >= 200, "{runs} runs");
}
