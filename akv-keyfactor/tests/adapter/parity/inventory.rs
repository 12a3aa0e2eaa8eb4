//! V1 to V6: inventory.

use akv_core::job::{
    CertificateScope, ItemSource, PreviousCertificate, Status, Unchanged, Unreadable,
};
use akv_core::{Error, ErrorKind, Exportable, KeyState, Tags};
use akv_keyfactor::{CurrentInventoryItem, InventorySink, JobStatus, Options};
use async_trait::async_trait;
use serde_json::json;

use super::denied;
use crate::configurations::fixture;
use crate::mocks::{inventory, item, listed, name, ran, thumbprint};

#[tokio::test]
async fn v1_the_programs_bounds_reach_the_inventory() {
    let options = Options::default()
        .with_scope(CertificateScope::Chain)
        .with_unchanged(Unchanged::Skip)
        .with_concurrency("7".parse().expect("a number"));
    let expected = options.concurrency;
    let jobs = inventory(
        move |_, _, request| {
            assert_eq!(request.scope, CertificateScope::Chain);
            assert_eq!(request.unchanged, Unchanged::Skip);
            assert_eq!(request.concurrency, expected);
        },
        vec![],
        listed(0),
    );
    let output = akv_keyfactor::run(&fixture("V1"), &jobs, &options).await;
    assert_eq!(output.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn v2_items_have_the_incumbents_shape() {
    let mut keyless = item("no-key");
    keyless.has_key = false;
    keyless.key = None;
    keyless.tags = Tags::default();
    let mut kept = item("with-chain");
    kept.certificates.push(b"the issuer".to_vec().into());
    kept.key = Some(KeyState::default().with_exportable(Exportable::No));
    let jobs = inventory(|_, _, _| {}, vec![item("web-01"), keyless, kept], listed(3));
    let output = ran("V2", &jobs).await;
    insta::assert_json_snapshot!("inventory_items", output);
}

#[tokio::test]
async fn v3_unreadable_certificate_keeps_its_last_known_state() {
    let mut kept = item("locked");
    kept.source = ItemSource::LastKnown;
    kept.certificates = Vec::new();
    kept.key = None;
    let mut outcome = listed(2);
    outcome.status = Status::Warning;
    outcome.unreadable = vec![
        Unreadable::new(name("locked"), denied("get certificate locked in vault contoso"))
            .with_last_known(true),
    ];
    let jobs = inventory(
        |_, _, request| {
            let known =
                PreviousCertificate::Summary { thumbprints: vec![thumbprint()], has_key: true };
            assert_eq!(request.previous.get(&name("LOCKED")), Some(&known));
        },
        vec![item("web-01"), kept],
        outcome,
    );
    let output = ran("V3", &jobs).await;
    assert_eq!(output.job_result.result, JobStatus::Warning);
    assert!(output.job_result.failure_message.contains("locked (last known state kept)"));
    let items = serde_json::to_value(&output.inventory).expect("JSON");
    assert_eq!((&items[0]["ItemStatus"], &items[1]["ItemStatus"]), (&json!(0), &json!(4)));
    assert_eq!(items[1]["Certificates"], json!([]));
}

#[tokio::test]
async fn v3_a_failed_inventory_uploads_nothing() {
    let mut outcome = listed(1);
    outcome.status = Status::Failure;
    outcome.error = Some(denied("list certificates in vault contoso"));
    let output = ran("V3", &inventory(|_, _, _| {}, vec![item("web-01")], outcome)).await;
    assert_eq!(output.job_result.result, JobStatus::Failure);
    assert_eq!(output.inventory, None);
}

#[tokio::test]
async fn v4_a_disabled_certificate_is_an_item_like_any_other() {
    let mut disabled = item("disabled");
    disabled.attributes.enabled = false;
    let output = ran("V4", &inventory(|_, _, _| {}, vec![disabled], listed(1))).await;
    assert_eq!(output.job_result.result, JobStatus::Success);
    assert_eq!(output.inventory.expect("an inventory").len(), 1);
}

/// Accepts `self.0` items and then fails.
struct Broken(usize);

#[async_trait]
impl InventorySink for Broken {
    async fn item(&mut self, _: CurrentInventoryItem) -> akv_core::Result<()> {
        self.0 += 1;
        match self.0 {
            1 => Ok(()),
            _ => Err(Error::new(ErrorKind::Unavailable, "upload the inventory", "refused")),
        }
    }
}

#[tokio::test]
async fn v5_rejected_items_make_the_job_a_failure() {
    let jobs = inventory(|_, _, _| {}, vec![item("a"), item("b"), item("c")], listed(3));
    let mut sink = Broken(0);
    let output =
        akv_keyfactor::run_into(&fixture("V5"), &jobs, &Options::default(), &mut sink).await;
    assert_eq!(output.job_result.result, JobStatus::Failure);
    assert!(output.job_result.failure_message.contains("refused"));
    assert_eq!(sink.0, 2, "nothing is offered after a refusal");
}

#[tokio::test]
async fn v6_an_empty_vault_is_a_success_with_an_empty_list() {
    let output = ran("V6", &inventory(|_, _, _| {}, vec![], listed(0))).await;
    assert_eq!(
        serde_json::to_string(&output).expect("JSON"),
        r#"{"JobResult":{"Result":2,"JobHistoryId":26009,"FailureMessage":""},"Inventory":[]}"#
    );
}
