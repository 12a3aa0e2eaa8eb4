//! A1 to A12: adding.

use std::time::SystemTime;

use akv_core::job::{CertificateFile, Effect, ExistingTags, Outcome, Overwrite, SoftDeleted};
use akv_core::{Error, ErrorKind, Exportable, Tags};
use akv_keyfactor::{JobStatus, Options};

use super::failed;
use crate::configurations::{fixture, tree};
use crate::mocks::{add, add_ending, name, ran, refused, thumbprint};

#[tokio::test]
async fn a1_tags_are_read_in_either_quotes_or_rejected() {
    let jobs = add(|_, _, request| {
        let expected =
            [("owner", "it's pki"), ("path", "C:\\dir"), ("count", "3"), ("live", "true")];
        assert_eq!(request.tags, Tags::as_stored(expected));
    });
    assert_eq!(ran("A1", &jobs).await.job_result.result, JobStatus::Success);
    let message = refused(&fixture("A1-array"), &Options::default()).await;
    assert!(message.contains("JobProperties.CertificateTags"), "{message}");
}

#[tokio::test]
async fn a2_a_certificate_without_a_key_reaches_the_bundle_reader() {
    let jobs = add_ending(
        |_, _, request| {
            assert!(request.password.is_empty());
            assert!(
                request
                    .contents
                    .open(&request.password, Vec::new(), SystemTime::now().into())
                    .is_err()
            );
        },
        Outcome::failure(Error::new(ErrorKind::Invalid, "add", "there is no private key in it")),
    );
    let result = ran("A2", &jobs).await.job_result;
    assert_eq!(result.result, JobStatus::Failure);
    assert!(result.failure_message.contains("no private key"));
}

#[tokio::test]
async fn a3_a_blank_alias_is_left_to_the_certificate() {
    let jobs = add(|_, _, request| assert_eq!(request.name, None));
    assert_eq!(ran("A3", &jobs).await.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn a4_not_being_allowed_to_look_is_a_failure() {
    let jobs = add_ending(
        |_, _, request| assert_eq!(request.overwrite, Overwrite::No),
        failed("get certificate web-01 in vault contoso"),
    );
    let result = ran("A4", &jobs).await.job_result;
    assert_eq!((result.result, result.job_history_id), (JobStatus::Failure, 26009));
    assert!(result.failure_message.contains("not allowed"));
}

#[tokio::test]
async fn a5_an_existing_alias_without_overwrite_is_a_warning() {
    let jobs = add_ending(
        |_, _, request| assert_eq!(request.overwrite, Overwrite::No),
        Outcome::warning(Effect::Nothing, "it already exists: nothing was changed"),
    );
    let result = ran("A5", &jobs).await.job_result;
    assert_eq!(result.result, JobStatus::Warning);
    assert!(result.failure_message.contains("nothing was changed"));
}

#[tokio::test]
async fn a6_overwrite_and_preserve_are_passed_on() {
    let jobs = add(|_, _, request| {
        assert_eq!(request.overwrite, Overwrite::Yes);
        assert_eq!(request.existing_tags, ExistingTags::Preserve);
        assert_eq!(request.tags, Tags::as_stored([("env", "prod")]));
    });
    assert_eq!(ran("A6", &jobs).await.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn a7_soft_deleted_certificate_is_recovered_or_rejected() {
    for soft_deleted in [SoftDeleted::Recover, SoftDeleted::Refuse] {
        let jobs = add(move |_, _, request| assert_eq!(request.soft_deleted, soft_deleted));
        let options = Options::default().with_soft_deleted(soft_deleted);
        let output = akv_keyfactor::run(&fixture("A7"), &jobs, &options).await;
        assert_eq!(output.job_result.result, JobStatus::Success);
    }
}

#[tokio::test]
async fn a8_contents_are_pfx_unless_the_job_says_pem() {
    let pem = "-----BEGIN PRIVATE KEY-----";
    let base64 = "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t";
    for (contents, format) in [(base64, "PEM"), (pem, "pem"), (pem, "PFX")] {
        let jobs = add(move |_, _, request| match &request.contents {
            CertificateFile::Pem(text) => assert_eq!(text.as_slice(), pem.as_bytes()),
            _ => panic!("PEM was taken for a PFX"),
        });
        let mut job = tree("A8");
        job["JobCertificate"]["Contents"] = contents.into();
        job["JobCertificate"]["ContentsFormat"] = format.into();
        let output =
            akv_keyfactor::run(job.to_string().as_bytes(), &jobs, &Options::default()).await;
        assert_eq!(output.job_result.result, JobStatus::Success);
    }
    let jobs = add(|_, _, request| match &request.contents {
        CertificateFile::Pfx(bytes) => {
            assert_eq!(bytes.as_slice(), b"\x30\x82\x03\x02\x01\x03\x30");
        }
        _ => panic!("a PFX was taken for PEM"),
    });
    assert_eq!(ran("add", &jobs).await.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn a9_the_policy_follows_the_certificate_and_not_the_job() {
    let jobs = add(|_, _, request| {
        assert_eq!(request.name, Some(name("ec-p384")));
        assert_eq!(request.exportable, Exportable::Yes);
    });
    assert_eq!(ran("A9", &jobs).await.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn a10_a_renewal_overwrites_only_where_the_job_says_so() {
    for (overwrite, expected) in [(true, Overwrite::Yes), (false, Overwrite::No)] {
        let mut job = tree("A10");
        job["Overwrite"] = overwrite.into();
        job["JobCertificate"]["Thumbprint"] = thumbprint().to_string().into();
        let jobs = add(move |_, _, request| assert_eq!(request.overwrite, expected));
        let output =
            akv_keyfactor::run(job.to_string().as_bytes(), &jobs, &Options::default()).await;
        assert_eq!(output.job_result.result, JobStatus::Success);
    }
}

#[tokio::test]
async fn a11_success_message_is_short_and_has_the_thumbprint() {
    let result = ran("A11", &add(|_, _, _| {})).await.job_result;
    assert!(result.failure_message.contains("version 0123456789abcdef0123456789abcdef"));
    assert!(result.failure_message.contains(&thumbprint().to_string()));

    let long = Outcome::warning(Effect::Nothing, "界".repeat(5000));
    let message = ran("A11", &add_ending(|_, _, _| {}, long)).await.job_result.failure_message;
    assert_eq!(message.chars().count(), 4000);
    assert!(message.ends_with("see the log)"), "{message}");
}

#[tokio::test]
async fn a12_invalid_alias_is_rejected_with_the_rule() {
    let message = refused(&fixture("A12"), &Options::default()).await;
    assert!(message.contains("JobCertificate.Alias") && message.contains("1 to 127"), "{message}");
}
