//! M, R and C: which change is requested, removing, creating.

use akv_core::job::{Effect, ExistingTags, Outcome};
use akv_core::{Cloud, Exportable, PurgeProtection, Sku, Tags, VaultOptions};
use akv_keyfactor::{JobStatus, Options};
use serde_json::json;

use super::failed;
use crate::configurations::{fixture, with};
use crate::mocks::{
    MockJobs, add, create_ending, created, exists, imported, management, name, ran, refused,
    remove_ending, removed,
};

#[tokio::test]
async fn m1_entry_parameters_may_be_absent() {
    let output = ran("M1", &create_ending(|_, _| {}, created())).await;
    assert_eq!(output.job_result.result, JobStatus::Success);
    let jobs = add(|_, _, request| {
        assert_eq!(request.tags, Tags::default());
        assert_eq!(request.existing_tags, ExistingTags::Replace);
        assert_eq!(request.exportable, Exportable::Yes);
    });
    let output = ran("M1-add-without-parameters", &jobs).await;
    assert_eq!(output.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn m2_existing_tags_are_replaced_unless_the_job_preserves_them() {
    for fixture in ["M2", "M2-text"] {
        let jobs = add(|_, _, request| assert_eq!(request.existing_tags, ExistingTags::Replace));
        assert_eq!(ran(fixture, &jobs).await.job_result.result, JobStatus::Success, "{fixture}");
    }
}

#[tokio::test]
async fn m3_non_exportable_is_understood_as_text_or_rejected() {
    let jobs = add(|_, _, request| assert_eq!(request.exportable, Exportable::No));
    assert_eq!(ran("M3", &jobs).await.job_result.result, JobStatus::Success);
    let message = refused(&fixture("M3-unreadable"), &Options::default()).await;
    assert!(message.contains("JobProperties.NonExportable"), "{message}");
    assert!(!message.contains("perhaps"), "{message}");
}

#[tokio::test]
async fn m4_an_unknown_operation_is_a_failure_with_the_jobs_id() {
    let output = ran("M4", &MockJobs::new()).await;
    assert_eq!(output.job_result.job_history_id, 26009);
    assert_eq!(output.job_result.result, JobStatus::Failure);
    assert!(output.job_result.failure_message.contains("OperationType"));
}

#[tokio::test]
async fn m4_create_add_is_one_job_with_both_requests() {
    for (outcome, expected) in [
        (imported(), JobStatus::Success),
        (exists(), JobStatus::Warning),
        (failed("create vault contoso"), JobStatus::Failure),
    ] {
        let message = outcome.message();
        let jobs = management(move |job, _, _| {
            let outcome = outcome.clone();
            job.expect_create_and_add().times(1).returning(move |create, add| {
                assert_eq!(create.id.name.as_str(), "contoso");
                assert_eq!(add.name, Some(name("web-01")));
                outcome.clone()
            });
        });
        let result = ran("create-add", &jobs).await.job_result;
        assert_eq!((result.result, result.failure_message), (expected, message));
    }
}

#[tokio::test]
async fn r1_alias_keeps_its_case_and_compares_without_it() {
    let jobs = remove_ending(
        |request| {
            assert_eq!(request.name.as_str(), "WEB-01");
            assert_eq!(request.name, name("web-01"));
        },
        removed(),
    );
    assert_eq!(ran("R1", &jobs).await.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn r2_removing_an_absent_certificate_is_a_warning() {
    let absent = Outcome::warning(Effect::Nothing, "it is not in the vault: nothing to remove");
    let result = ran("R2", &remove_ending(|_| {}, absent)).await.job_result;
    assert_eq!(result.result, JobStatus::Warning);
    assert!(result.failure_message.contains("not in the vault"));
}

#[tokio::test]
async fn r3_adding_after_removal_asks_no_more_than_adding() {
    let jobs = add(|_, _, request| assert_eq!(request.name, Some(name("removed-just-now"))));
    assert_eq!(ran("R3", &jobs).await.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn r4_entry_parameters_do_not_matter_to_a_removal() {
    let unreadable = json!({ "CertificateTags": "{", "NonExportable": "perhaps" });
    let job = with("R4", "/JobProperties", unreadable);
    let jobs = remove_ending(|_| {}, removed());
    let output = akv_keyfactor::run(&job, &jobs, &Options::default()).await;
    assert_eq!(output.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn c1_a_whole_list_of_choices_is_none_chosen() {
    let jobs = create_ending(
        |address, request| {
            assert_eq!(request.region, None);
            assert_eq!(request.options.sku, Sku::Standard);
            assert_eq!(address.cloud, Cloud::public());
        },
        created(),
    );
    assert_eq!(ran("C1", &jobs).await.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn c2_no_region_is_left_to_the_resource_group() {
    let jobs = create_ending(|_, request| assert_eq!(request.region, None), created());
    assert_eq!(ran("C2", &jobs).await.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn c3_a_new_vault_has_the_jobs_sku_and_the_programs_options() {
    let new_vault = VaultOptions::default().with_purge_protection(PurgeProtection::On);
    let jobs = create_ending(
        |address, request| {
            let tenant = address.tenant.as_ref().expect("a tenant");
            assert_eq!(tenant.as_str(), "contoso.onmicrosoft.com");
            assert_eq!(request.options.sku, Sku::Premium);
            assert_eq!(request.options.purge_protection, PurgeProtection::On);
        },
        created(),
    );
    let options = Options::default().with_new_vault(new_vault);
    let output = akv_keyfactor::run(&fixture("C3"), &jobs, &options).await;
    assert_eq!(output.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn c4_an_existing_vault_is_a_warning() {
    let result = ran("C4", &create_ending(|_, _| {}, exists())).await.job_result;
    assert_eq!(result.result, JobStatus::Warning);
    assert!(result.failure_message.contains("nothing was changed"));
}
