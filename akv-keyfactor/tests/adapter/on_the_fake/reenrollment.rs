//! Reenrolling: a request in the first step, a new version in the second.

use akv_core::KeyProtection;
use akv_core::bundle::{CertificateRequest, X509, pem};
use akv_keyfactor::{JobOutput, JobStatus, Options};
use akv_testkit::Operation;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::assert_ends;
use crate::configurations::tree;
use crate::fake::{SUBSCRIPTION, World};

fn job(properties: &Value) -> Value {
    let mut job = tree("reenrollment");
    let members = job["JobProperties"].as_object_mut().expect("properties");
    members.extend(properties.as_object().expect("an object").clone());
    job
}

fn csr(output: &JobOutput) -> CertificateRequest {
    let text = output.request.as_deref().unwrap_or_else(|| panic!("{output:?}"));
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    CertificateRequest::from_der(&STANDARD.decode(body).expect("base64")).expect("a request")
}

#[tokio::test(start_paused = true)]
async fn two_steps_make_a_request_and_a_version() {
    let world = World::new();
    let job =
        job(&json!({"keyType": "ECC", "keySize": "256", "CertificateTags": "{'owner':'pki'}"}));
    let first = world.run(&job).await;
    let document = serde_json::to_value(&first).expect("a document");
    assert_eq!(document["JobResult"], Value::Null);
    let members: Vec<_> = document.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["JobResult", "Request"]);
    let text = document["Request"]["Csr"].as_str().expect("a request");
    assert!(text.starts_with("-----BEGIN CERTIFICATE REQUEST-----\n"), "{text}");
    assert!(text.trim_end().ends_with("-----END CERTIFICATE REQUEST-----"), "{text}");
    // The same configuration returns the same request.
    assert_eq!(world.run(&job).await.request, first.request);

    let issued = world.pki().sign(csr(&first).der()).expect("signed");
    let leaf = STANDARD.encode(&issued[0]);
    let block = |der| {
        let body = STANDARD.encode(der);
        ["-----BEGIN CERTIFICATE-----", body.as_str(), "-----END CERTIFICATE-----", ""].join("\n")
    };
    let chain = issued.iter().map(block).collect::<Vec<_>>().concat();
    assert_eq!(pem::read(chain.as_bytes(), &"".into()).expect("PEM").certificates.len(), 3);
    for (text, says) in [(&chain, "merged"), (&leaf, "already"), (&chain, "already")] {
        let mut second = job.clone();
        second["IssuedCertificate"] = text.as_str().into();
        let output = world.run(&second).await;
        assert_ends(&output, JobStatus::Success, &[says]);
        let document = serde_json::to_value(&output).expect("a document");
        assert!(document["JobResult"].is_object() && document.get("Request").is_none());
    }
    let newest = world.vault().newest("web-01").expect("a version");
    assert_eq!(newest.certificates, issued);
    assert_eq!(newest.tags["owner"], "pki");
    assert!(newest.exportable);
    // The certificate exists now.
    assert_ends(&world.run(&job).await, JobStatus::Warning, &["already exists"]);
}

#[tokio::test(start_paused = true)]
async fn offered_issuers_complete_the_chain_of_a_job() {
    let world = World::new();
    let mut job = job(&json!({"keyType": "ECC", "keySize": 256}));
    let issued = world.pki().sign(csr(&world.run(&job).await).der()).expect("signed");
    let authorities = issued.iter().skip(1).map(|der| X509::from_der(der).expect("a certificate"));
    job["IssuedCertificate"] = STANDARD.encode(&issued[0]).into();
    let options = Options::default().with_issuers(authorities.collect::<Vec<_>>());
    assert_ends(&world.run_with(&job, &options).await, JobStatus::Success, &["merged"]);
    assert_eq!(world.vault().newest("web-01").expect("a version").certificates, issued);
}

#[tokio::test(start_paused = true)]
async fn every_form_of_names_is_read() {
    let names = |kinds: Value| json!({ "keyType": "ECP", "keySize": 256, "SANs": kinds });
    for (job, expected) in [
        (job(&names("dns=a.example&ip=10.0.0.1".into())), 2),
        (
            job(
                &json!({"keyType": "EC", "keySize": null, "SAN": "DNS:a.example&IP:10.0.0.1&Email=a@b.example"}),
            ),
            3,
        ),
        (job(&names(json!({"DNS": ["a.example"], "ip6": ["::1"], "upn": ["a@b"]}))), 3),
        (job(&names(r#"{"dns": ["a.example", "b.example"]}"#.into())), 2),
        (
            {
                let mut job = job(&json!({"keyType": "ECC", "keySize": null}));
                job["SANs"] =
                    json!({"dns": ["a.example"], "rfc822": ["a@b"], "uri": ["urn:x"], "ip4": null});
                job
            },
            3,
        ),
        (job(&names(Value::Null)), 0),
        (job(&names("".into())), 0),
    ] {
        let world = World::new();
        let output = world.run(&job).await;
        assert_eq!(csr(&output).alternative_names().len(), expected, "{output:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn unsupported_names_are_rejected_by_name() {
    let world = World::new();
    let with = |member: &str, value: Value| {
        let mut job = job(&json!({}));
        job[member] = value;
        job
    };
    let secret = "Zx81-not-to-be-shown";
    for (job, says) in [
        (with("SANs", json!({"directory": [secret]})), "directory"),
        (with("SANs", json!({"ms_ntprincipalname": [secret]})), "ms_ntprincipalname"),
        (with("SANs", json!({ secret: ["a"] })), "another kind"),
        (with("SANs", json!({"dns": ["a b"]})), "SANs"),
        (with("SANs", json!({"dns": [["a"]]})), "SANs"),
        (with("SANs", "a.example".into()), "SANs"),
        (with("Alias", Value::Null), "Alias"),
        (with("Alias", "a/b".into()), "Alias"),
        (with("IssuedCertificate", "".into()), "IssuedCertificate"),
        (job(&json!({"subjectText": secret})), "subjectText"),
        (job(&json!({"subjectText": null})), "subjectText"),
        (job(&json!({"keyType": secret})), "keyType"),
        (job(&json!({"keySize": 1024})), "keySize"),
        (job(&json!({"keyType": "ECC", "keySize": 2048})), "keySize"),
    ] {
        let output = world.run(&job).await;
        assert_ends(&output, JobStatus::Failure, &[says]);
        assert!(!output.job_result.failure_message.contains(secret), "{output:?}");
    }
    assert_eq!(world.cloud.journal().total(), 0);
}

#[tokio::test(start_paused = true)]
async fn escaped_commas_reach_the_request() {
    let world = World::new();
    let subject = r"CN=web-01,O=Contoso\, Ltd.\2C Inc,C=US";
    let output =
        world.run(&job(&json!({"subjectText": subject, "keyType": "ECC", "keySize": 384}))).await;
    let read = csr(&output).subject().expect("text");
    assert_eq!(read.to_string(), r#"CN=web-01, O="Contoso, Ltd., Inc", C=US"#);
}

#[tokio::test(start_paused = true)]
async fn hsm_keys_need_a_job_for_a_non_exportable_key() {
    let world = World::with(|cloud| {
        cloud.vault_with("contoso", |vault| vault.placed(SUBSCRIPTION, "pki-rg").premium())
    });
    let options = Options::default().with_requested_key_protection(KeyProtection::Hsm);
    let refused = world.run_with(&job(&json!({})), &options).await;
    assert_ends(&refused, JobStatus::Failure, &["NonExportable", "hsm-keys"]);
    assert_eq!(world.cloud.journal().total(), 0);
    let job = job(&json!({"NonExportable": "true", "keyType": "ECC", "keySize": 521}));
    let output = world.run_with(&job, &options).await;
    assert!(output.request.is_some(), "{output:?}");
    let bundle = world.vault().bundle("web-01");
    assert_eq!(bundle["policy"]["key_props"]["kty"], "EC-HSM", "{bundle}");
    assert_eq!(world.cloud.journal().count(Operation::CreateCertificate), 1);
}
