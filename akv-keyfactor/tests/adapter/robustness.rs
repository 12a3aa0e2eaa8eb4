//! Every input produces a result.

use akv_keyfactor::{JobOutput, LocalSecrets, Options};
use futures::FutureExt as _;
use proptest::prelude::*;
use serde_json::Value;

use super::configurations::{all, tree};
use super::mocks::all_succeed;

fn run(configuration: &[u8]) -> JobOutput {
    let options = Options::default().with_secrets(std::sync::Arc::new(
        LocalSecrets::default()
            .with_directory(std::env::temp_dir())
            .with_variable_prefix(Some("A".into())),
    ));
    akv_keyfactor::run(configuration, &all_succeed(), &options)
        .now_or_never()
        .expect("mocks do not wait")
}

fn is_document(output: &JobOutput) -> bool {
    let document = serde_json::to_value(output).expect("a document is JSON");
    let result = document["JobResult"]["Result"].as_u64().expect("a number");
    let message = document["JobResult"]["FailureMessage"].as_str().expect("text");
    (2..=4).contains(&result)
        && message.encode_utf16().count() <= 4000
        && (result != 4 || (!message.is_empty() && document.as_object().expect("one").len() == 1))
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop_oneof![
            Just("CertStores.AKV.Management"),
            Just("CertStores.AKV.Inventory"),
            Just("{'a':'b'}"),
            Just("{\"env\":\"A=B\"}"),
            Just("-----BEGIN"),
            Just("contoso"),
        ]
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("\\PC{0,8}", inner, 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Replaces the member at the path `steps` by `value`.
fn replace(tree: &mut Value, steps: &[prop::sample::Index], value: Value) {
    match (steps.split_first(), &mut *tree) {
        (Some((step, rest)), Value::Object(members)) if !members.is_empty() => {
            let at = step.index(members.len());
            let member = members.values_mut().nth(at).expect("a member");
            replace(member, rest, value);
        }
        _ => *tree = value,
    }
}

const PLAIN: [&str; 7] =
    ["inventory", "add", "remove", "create", "create-add", "discovery", "reenrollment"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn arbitrary_bytes_end_in_a_failure(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let output = run(&bytes);
        prop_assert_eq!(u8::from(output.job_result.result), 4);
        prop_assert!(is_document(&output));
    }

    #[test]
    fn arbitrary_json_is_a_failure(value in json()) {
        let output = run(value.to_string().as_bytes());
        prop_assert_eq!(u8::from(output.job_result.result), 4);
        prop_assert!(is_document(&output));
    }

    #[test]
    fn a_damaged_configuration_ends_in_a_document(
        which in 0..PLAIN.len(),
        steps in prop::collection::vec(any::<prop::sample::Index>(), 1..3),
        value in json(),
    ) {
        let mut job = tree(PLAIN[which]);
        replace(&mut job, &steps, value);
        prop_assert!(is_document(&run(job.to_string().as_bytes())));
    }

    #[test]
    fn truncated_configuration_is_a_failure(
        which in 0..PLAIN.len(),
        share in 0.0..0.99_f64,
    ) {
        let job = tree(PLAIN[which]).to_string();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a share of a small length")]
        let end = (job.len() as f64 * share) as usize;
        let output = run(&job.as_bytes()[..end]);
        prop_assert_eq!(u8::from(output.job_result.result), 4);
    }
}

#[test]
fn deep_nesting_is_rejected() {
    let deep = format!("{{\"JobHistoryId\":7,\"a\":{}", "[".repeat(100_000));
    let output = run(deep.as_bytes());
    assert_eq!((u8::from(output.job_result.result), output.job_result.job_history_id), (4, 7));
}

#[test]
fn every_fixture_produces_a_document() {
    for (name, configuration) in all() {
        let output = run(&configuration);
        assert!(is_document(&output), "{name}: {output:?}");
        assert_eq!(output.job_result.job_history_id, 26009, "{name}");
    }
}
