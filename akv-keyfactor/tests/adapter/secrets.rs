//! Secrets: references are resolved, secrets are never shown, and literals are never resolved.

use std::fs;
use std::sync::{Arc, Mutex};

use akv_core::Credential;
use akv_keyfactor::{JobStatus, LocalSecrets, Options, SecretResolver, UnresolvedSecret};
use async_trait::async_trait;
use serde_json::{Value, json};

use super::configurations::{all, tree, with};
use super::mocks::{add, all_succeed, inventory, listed, refused};

/// Recognizes the references of a PAM provider.
struct Vaulted(&'static str);

#[async_trait]
impl SecretResolver for Vaulted {
    async fn resolve(&self, reference: &str) -> Result<Option<akv_core::Secret>, UnresolvedSecret> {
        Ok(reference.contains("SecretId").then(|| self.0.into()))
    }
}

/// Makes the folder of that file and this package's variables available to jobs.
fn opened(file: &tempfile::NamedTempFile) -> LocalSecrets {
    LocalSecrets::default()
        .with_directory(file.path().parent().map(Into::into))
        .with_variable_prefix(Some("CARGO_".into()))
}

fn secret_of(credential: &Credential) -> String {
    match credential {
        Credential::ClientSecret { secret, .. } => secret.expose().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn references_are_resolved_and_plain_values_are_kept() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), "from a file\n").expect("written");
    for (value, expected) in [
        (json!("plain"), "plain"),
        (json!(r#"{"SecretId":"42"}"#), "from the provider"),
        (json!({ "SecretId": "42" }), "from the provider"),
        (json!({ "file": file.path() }), "from a file"),
        (json!({ "env": "CARGO_PKG_NAME" }), "akv-keyfactor"),
    ] {
        let jobs = inventory(
            move |_, credential, _| assert_eq!(secret_of(credential), expected),
            vec![],
            listed(0),
        );
        let secrets = Arc::new((Vaulted("from the provider"), opened(&file)));
        let options = Options::default().with_secrets(secrets);
        let job = with("inventory", "/ServerPassword", value);
        let output = akv_keyfactor::run(&job, &jobs, &options).await;
        assert_eq!(output.job_result.result, JobStatus::Success, "{output:?}");
    }
}

#[tokio::test]
async fn the_user_name_and_the_password_of_a_pfx_are_resolved_too() {
    let mut job = tree("add");
    job["ServerUsername"] = json!({ "SecretId": "42" });
    job["JobCertificate"]["PrivateKeyPassword"] = json!({ "env": "CARGO_PKG_NAME" });
    let jobs = add(|_, credential, request| {
        assert_eq!(request.password.expose(), "akv-keyfactor");
        match credential {
            Credential::ClientSecret { client_id, .. } => {
                assert_eq!(client_id.to_string(), "12121212-3434-5656-7878-909090909090");
            }
            other => panic!("{other:?}"),
        }
    });
    let secrets = Arc::new((
        Vaulted("12121212-3434-5656-7878-909090909090"),
        LocalSecrets::default().with_variable_prefix(Some("CARGO_".into())),
    ));
    let options = Options::default().with_secrets(secrets);
    let output = akv_keyfactor::run(job.to_string().as_bytes(), &jobs, &options).await;
    assert_eq!(output.job_result.result, JobStatus::Success, "{output:?}");
}

#[tokio::test]
async fn a_reference_without_a_resolver_is_never_a_password() {
    for reference in [r#"{"SecretId":"42"}"#, " {'SecretId':'42'} ", "{}", "{misspelt}"] {
        for pointer in ["/ServerUsername", "/ServerPassword", "/JobCertificate/PrivateKeyPassword"]
        {
            let job = with("add", pointer, reference.into());
            let message = refused(&job, &Options::default()).await;
            let field = pointer.trim_start_matches('/').replace('/', ".");
            assert!(message.contains(&field) && message.contains("reference"), "{message}");
        }
    }
}

#[tokio::test]
async fn a_reference_that_leads_nowhere_is_a_failure() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let options = Options::default().with_secrets(Arc::new(opened(&file)));
    for (reference, says) in [
        (json!({ "env": "CARGO_NO_SUCH_VARIABLE" }), "did not resolve"),
        (json!({ "file": "/no/such/file" }), "did not resolve"),
        (json!({ "env": "A", "file": "B" }), "of an unknown kind"),
        (json!(r#"{"file":"C:\\secrets\\pw.txt"}"#), "did not resolve"),
        (json!(r#"{"file":"C:\secrets\pw.txt"}"#), "write a backslash twice"),
    ] {
        let message = refused(&with("add", "/ServerPassword", reference), &options).await;
        assert!(message.contains("ServerPassword") && message.contains(says), "{message}");
    }
}

/// Every string in the tree, with its JSON pointer.
fn texts(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                texts(value, &format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(_) => {}
        _ => found.push(pointer.to_owned()),
    }
}

/// Every log line of a job, from all levels.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<String>>);

impl tracing::Subscriber for Said {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        span.record(&mut Writer(&self.0));
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut Writer(&self.0));
    }
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Writer(&self.0));
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

struct Writer<'a>(&'a Mutex<String>);

impl tracing::field::Visit for Writer<'_> {
    fn record_debug(&mut self, _: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        use std::fmt::Write as _;
        let mut said = self.0.lock().expect("the log");
        write!(said, "{value:?} ").expect("written");
    }
}

/// Puts a marker into every field of every configuration, one at a time. Whether the field is read,
/// rejected or ignored, no result and no log contains the marker. `ServerError` is Command's own
/// message.
#[tokio::test]
async fn no_field_is_ever_shown() {
    let said = Said::default();
    // With only one subscriber, tracing asks the first thread at each callsite whether a subscriber
    // is interested, and that thread may belong to another test. With two subscribers it asks both.
    let _second = tracing::Dispatch::new(Said::default());
    let _guard = tracing::subscriber::set_default(said.clone());
    let markers = ["MARKER-secret-9f3c", "{\"MARKER-secret-9f3c\":1", "{'MARKER-secret-9f3c':[]}"];
    let mut fields = 0;
    for (name, _) in all() {
        let job = tree(&name);
        let mut pointers = Vec::new();
        texts(&job, "", &mut pointers);
        for pointer in pointers.iter().filter(|pointer| *pointer != "/ServerError") {
            for marker in markers {
                let job = with(&name, pointer, marker.into());
                let output = akv_keyfactor::run(&job, &all_succeed(), &Options::default()).await;
                let document = serde_json::to_string(&output).expect("JSON");
                assert!(!document.contains("MARKER"), "{name}{pointer}: {document}");
                fields += 1;
            }
        }
    }
    assert!(fields > 1000, "{fields} fields");
    let said = said.0.lock().expect("the log");
    assert!(said.contains("job succeeded"), "the log was listened to");
    assert!(!said.contains("MARKER"), "a field was logged");
}

#[tokio::test]
async fn job_requests_do_not_show_secrets() {
    let mut job = tree("add");
    job["ServerPassword"] = "MARKER-client-secret".into();
    job["JobCertificate"]["PrivateKeyPassword"] = "MARKER-pfx-password".into();
    job["JobCertificate"]["Contents"] = "TUFSS0VSIGtleQ==".into();
    let jobs = add(|address, credential, request| {
        let shown = format!("{address:?} {credential:?} {request:?}");
        assert!(!shown.contains("MARKER") && !shown.contains("TUFSS0VS"), "{shown}");
    });
    let output = akv_keyfactor::run(job.to_string().as_bytes(), &jobs, &Options::default()).await;
    assert_eq!(output.job_result.result, JobStatus::Success);
    let options = Options::default().with_credential(Some(Credential::ClientSecret {
        client_id: "99999999-8888-7777-6666-555555555555".parse().expect("an id"),
        secret: "MARKER".into(),
    }));
    assert!(!format!("{options:?}").contains("MARKER"));
}
