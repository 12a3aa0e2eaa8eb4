//! The complete output documents.

use akv_core::job::{Effect, Outcome, Status};
use akv_keyfactor::Options;

use super::configurations::{fixture, with};
use super::mocks::{
    MockJobs, add, add_ending, create_ending, created, discovery, found, inventory, item, listed,
    ran, remove_ending, removed,
};

#[tokio::test]
async fn every_job_prints_a_document_of_its_own_form() {
    let jobs = inventory(|_, _, _| {}, vec![item("web-01")], listed(1));
    insta::assert_json_snapshot!("inventory", ran("inventory", &jobs).await);
    insta::assert_json_snapshot!("add", ran("add", &add(|_, _, _| {})).await);
    let jobs = remove_ending(|_| {}, removed());
    insta::assert_json_snapshot!("remove", ran("remove", &jobs).await);
    let jobs = create_ending(|_, _| {}, created());
    insta::assert_json_snapshot!("create", ran("create", &jobs).await);
    let jobs = discovery(|_, _, _| {}, found());
    insta::assert_json_snapshot!("discovery", ran("discovery", &jobs).await);
    insta::assert_json_snapshot!("reenrollment", ran("reenrollment", &MockJobs::new()).await);
}

#[tokio::test]
async fn warning_and_skipped_entries_are_reported() {
    let warning = Outcome::warning(Effect::Nothing, "nothing was changed");
    insta::assert_json_snapshot!("warning", ran("add", &add_ending(|_, _, _| {}, warning)).await);
    let mut skipped = listed(3);
    skipped.unchanged = 2;
    let output = ran("inventory", &inventory(|_, _, _| {}, vec![], skipped)).await;
    let message = output.job_result.failure_message;
    assert!(message.contains("2 of them unchanged"), "{message}");
}

#[tokio::test]
async fn failed_job_setup_is_a_failure() {
    use akv_core::{Error, ErrorKind};
    let mut jobs = MockJobs::new();
    let unreachable = || Error::new(ErrorKind::Unavailable, "set up TLS", "no root certificates");
    jobs.expect_inventory().returning(move |_, _| Err(unreachable()));
    jobs.expect_management().returning(move |_, _| Err(unreachable()));
    jobs.expect_discovery().returning(move |_, _| Err(unreachable()));
    for fixture in ["inventory", "add", "discovery"] {
        let result = ran(fixture, &jobs).await.job_result;
        assert_eq!(Status::from(result.result), Status::Failure);
        assert_eq!(result.failure_message, "cannot set up TLS: no root certificates");
        assert_eq!(result.job_history_id, 26009);
    }
}

#[tokio::test]
async fn the_history_id_comes_back_in_all_its_64_bits() {
    for (id, expected) in
        [(i64::MAX.into(), i64::MAX), ("42".into(), 42), (serde_json::Value::Null, 0)]
    {
        let job = with("remove", "/JobHistoryId", id);
        let jobs = remove_ending(|_| {}, removed());
        let output = akv_keyfactor::run(&job, &jobs, &Options::default()).await;
        assert_eq!(output.job_result.job_history_id, expected);
    }
    let cut_off = fixture("add");
    let cut_off = &cut_off[..cut_off.len() - 20];
    let output = akv_keyfactor::run(cut_off, &MockJobs::new(), &Options::default()).await;
    assert_eq!(output.job_result.job_history_id, 26009);
    assert_eq!(Status::from(output.job_result.result), Status::Failure);
}
