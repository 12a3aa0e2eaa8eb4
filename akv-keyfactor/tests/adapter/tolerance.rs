//! The values that senders of job configurations really send, and the rejected values with the
//! field's name.

use akv_core::job::{AddRequest, Overwrite};
use akv_core::{Credential, TenantId};
use akv_keyfactor::{JobStatus, Options};
use serde_json::{Value, json};

use super::configurations::{fixture, tree, with, with_property, without};
use super::mocks::{
    MockJobs, add, all_succeed, create_ending, created, inventory, listed, ran, refused,
};

async fn succeeds(configuration: &[u8], jobs: &MockJobs) {
    let output = akv_keyfactor::run(configuration, jobs, &Options::default()).await;
    assert_eq!(output.job_result.result, JobStatus::Success, "{output:?}");
}

async fn adds(configuration: &[u8], check: fn(&AddRequest)) {
    succeeds(configuration, &add(move |_, _, request| check(request))).await;
}

#[tokio::test]
async fn a_byte_order_mark_is_passed_over() {
    assert!(fixture("inventory").starts_with(b"\xEF\xBB\xBF"));
    succeeds(&fixture("inventory"), &all_succeed()).await;
}

#[tokio::test]
async fn members_are_found_in_any_letter_case() {
    fn lower(value: Value) -> Value {
        match value {
            Value::Object(members) => members
                .into_iter()
                .map(|(name, value)| (name.to_lowercase(), lower(value)))
                .collect(),
            other => other,
        }
    }
    let job = lower(tree("add")).to_string();
    adds(job.as_bytes(), |request| {
        assert_eq!(request.overwrite, Overwrite::Yes);
        assert_eq!(request.tags.get("owner"), Some("pki"));
    })
    .await;
}

#[tokio::test]
async fn null_and_absent_are_the_same_where_nothing_is_needed() {
    for pointer in [
        "/JobCancelled",
        "/ServerError",
        "/RequestStatus",
        "/UseSSL",
        "/JobProperties",
        "/JobTypeId",
        "/JobId",
        "/LastInventory",
        "/Overwrite",
        "/JobHistoryId",
        "/JobCertificate/Thumbprint",
        "/JobCertificate/Alias",
        "/JobCertificate/PrivateKeyPassword",
        "/CertificateStoreDetails/StorePassword",
        "/CertificateStoreDetails/Properties",
        "/CertificateStoreDetails/Type",
        "/JobProperties/CertificateTags",
        "/JobProperties/PreserveExistingTags",
        "/JobProperties/NonExportable",
    ] {
        succeeds(&with("add", pointer, Value::Null), &all_succeed()).await;
        succeeds(&without("add", pointer), &all_succeed()).await;
    }
}

#[tokio::test]
async fn properties_are_text_or_an_object_of_scalars() {
    let property = |job: &[u8]| {
        let job = job.to_vec();
        async move {
            let jobs = inventory(
                |address, _, _| assert_eq!(address.cloud.name, "government"),
                vec![],
                listed(0),
            );
            succeeds(&job, &jobs).await;
        }
    };
    property(&with_property("inventory", "AzureCloud", json!(" Government "))).await;
    let object = json!({ "AzureCloud": "government", "ServerUseSsl": true, "Number": 1 });
    property(&with("inventory", "/CertificateStoreDetails/Properties", object)).await;
    for empty in [json!(""), json!("{}"), json!({}), Value::Null] {
        let job = with("inventory", "/CertificateStoreDetails/Properties", empty);
        succeeds(&job, &all_succeed()).await;
    }
}

#[tokio::test]
async fn booleans_are_parsed_in_every_spelling() {
    for yes in [json!(true), json!("true"), json!("True"), json!("TRUE "), json!("1"), json!(1)] {
        adds(&with("A10", "/Overwrite", yes), |request| {
            assert_eq!(request.overwrite, Overwrite::Yes);
        })
        .await;
    }
    for no in [json!(false), json!("false"), json!("0"), json!(0), json!(""), Value::Null] {
        adds(&with("A10", "/Overwrite", no), |request| {
            assert_eq!(request.overwrite, Overwrite::No);
        })
        .await;
    }
    for unreadable in [json!("yes"), json!(2), json!([true]), json!({ "a": 1 })] {
        for pointer in ["/Overwrite", "/JobProperties/NonExportable", "/JobCancelled"] {
            let message =
                refused(&with("add", pointer, unreadable.clone()), &Options::default()).await;
            let field = pointer.trim_start_matches('/').replace('/', ".");
            assert!(message.contains(&field), "{message}");
        }
    }
}

#[tokio::test]
async fn ids_are_opaque_and_unknown_members_ignored() {
    let mut job = tree("add");
    job["JobId"] = "000".into();
    job["JobTypeId"] = json!(0);
    job["Later"] = json!({ "members": [1, 2, 3] });
    adds(job.to_string().as_bytes(), |_| {}).await;
}

#[tokio::test]
async fn a_renamed_store_type_and_operations_by_name_are_understood() {
    for (operation, fixture) in
        [(json!("Add"), "add"), (json!("2"), "add"), (json!("createadd"), "create-add")]
    {
        let mut job = tree(fixture);
        job["Capability"] = "certstores.MyVaults.MANAGEMENT".into();
        job["OperationType"] = operation;
        succeeds(job.to_string().as_bytes(), &all_succeed()).await;
    }
}

#[tokio::test]
async fn base64_may_be_wrapped_and_unpadded() {
    for text in ["MIID\r\nAgED\r\nMA==", "MIIDAgEDMA", " MIIDAgEDMA== "] {
        adds(&with("add", "/JobCertificate/Contents", text.into()), |_| {}).await;
    }
}

#[tokio::test]
async fn only_a_service_principal_needs_a_tenant() {
    let mut job = tree("inventory");
    job["CertificateStoreDetails"]["ClientMachine"] = "our vault".into();
    let message = refused(job.to_string().as_bytes(), &Options::default()).await;
    assert!(message.contains("CertificateStoreDetails.ClientMachine"), "{message}");
    job["CertificateStoreDetails"]["ClientMachine"] = Value::Null;
    let message = refused(job.to_string().as_bytes(), &Options::default()).await;
    assert!(message.contains("ClientMachine") && message.contains("TenantId"), "{message}");

    job["ServerPassword"] = Value::Null;
    for machine in [Value::Null, "our vault".into()] {
        job["CertificateStoreDetails"]["ClientMachine"] = machine.clone();
        let jobs = inventory(|address, _, _| assert_eq!(address.tenant, None), vec![], listed(0));
        succeeds(job.to_string().as_bytes(), &jobs).await;
        let mut create = tree("create");
        create["ServerPassword"] = Value::Null;
        create["CertificateStoreDetails"]["ClientMachine"] = machine;
        let message = refused(create.to_string().as_bytes(), &Options::default()).await;
        assert!(message.contains("ClientMachine") && message.contains("TenantId"), "{message}");
    }
}

#[tokio::test]
async fn program_fills_gaps_and_overrides_cloud_and_identity() {
    let mut job = tree("inventory");
    job["CertificateStoreDetails"]["ClientMachine"] = "".into();
    job["CertificateStoreDetails"]["Properties"] = json!({ "AzureCloud": "our own" });
    let tenant: TenantId = "fabrikam.example".parse().expect("a tenant");
    let options = Options::default()
        .with_tenant(tenant.clone())
        .with_private_endpoint("internal.example".parse().ok())
        .with_cloud(akv_core::Cloud::government())
        .with_credential(Credential::AzureCli);
    let jobs = inventory(
        move |address, credential, _| {
            assert_eq!(address.tenant.as_ref(), Some(&tenant));
            assert_eq!(address.vault_host().expect("a host"), "contoso.internal.example");
            assert_eq!(address.cloud.name, "government");
            assert!(matches!(credential, Credential::AzureCli));
        },
        vec![],
        listed(0),
    );
    let output = akv_keyfactor::run(job.to_string().as_bytes(), &jobs, &options).await;
    assert_eq!(output.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn the_older_properties_can_stand_for_the_whole_path() {
    let mut job = tree("create");
    job["CertificateStoreDetails"]["StorePath"] = "".into();
    job["CertificateStoreDetails"]["Properties"] = json!({
        "SubscriptionId": "11111111-2222-3333-4444-555555555555",
        "ResourceGroupName": "pki-rg",
        "VaultName": "contoso",
    });
    let jobs = create_ending(
        |_, request| {
            let id = "11111111-2222-3333-4444-555555555555:pki-rg:contoso";
            assert_eq!(request.id.to_string(), id);
        },
        created(),
    );
    succeeds(job.to_string().as_bytes(), &jobs).await;
}

#[tokio::test]
async fn server_error_or_cancelled_job_changes_nothing() {
    for (pointer, value, says) in [
        ("/JobCancelled", json!(true), "cancelled before it started"),
        ("/RequestStatus", json!(3), "contains an error from Command"),
        ("/ServerError", json!({ "Code": 1, "Message": "no such job" }), "no such job"),
    ] {
        let message = refused(&with("add", pointer, value), &Options::default()).await;
        assert!(message.contains(says), "{message}");
    }
    adds(&with("add", "/RequestStatus", json!(2)), |_| {}).await;
}

#[tokio::test]
async fn rejected_member_is_named() {
    let management = "CertStores.AKV.Management";
    for (fixture, pointer, value, says) in [
        ("add", "/Capability", json!(null), vec!["Capability is missing", management]),
        ("inventory", "/Capability", json!(""), vec!["Capability", "CertStores.AKV.Inventory"]),
        ("discovery", "/Capability", json!(null), vec!["Capability", "CertStores.AKV.Discovery"]),
        ("add", "/Capability", json!("CertStores.AKV"), vec!["Capability", management]),
        ("add", "/Capability", json!("Custom.AKV.Management"), vec!["Capability"]),
        ("add", "/Capability", json!({}), vec!["Capability", "text"]),
        ("add", "/OperationType", json!(0), vec!["OperationType", "2 (Add)"]),
        ("add", "/OperationType", json!(null), vec!["OperationType is missing", "2 (Add)"]),
        ("add", "/JobHistoryId", json!("soon"), vec!["JobHistoryId", "a whole number"]),
        ("add", "/JobHistoryId", json!(1.5), vec!["JobHistoryId", "a whole number"]),
        ("add", "/CertificateStoreDetails", json!(null), vec!["CertificateStoreDetails"]),
        ("add", "/CertificateStoreDetails", json!([]), vec!["CertificateStoreDetails", "object"]),
        ("add", "/CertificateStoreDetails/StorePath", json!(" "), vec!["StorePath is missing"]),
        ("add", "/CertificateStoreDetails/StorePath", json!(["x"]), vec!["StorePath", "text"]),
        ("add", "/CertificateStoreDetails/Properties", json!("[]"), vec!["Properties", "object"]),
        ("add", "/ServerUsername", json!("someone"), vec!["ServerUsername", "GUID"]),
        ("add", "/ServerUsername", json!(null), vec!["ServerUsername", "ServerPassword"]),
        ("add", "/ServerPassword", json!(12345), vec!["ServerPassword", "text"]),
        ("add", "/JobCertificate", json!(null), vec!["JobCertificate is missing"]),
        ("add", "/JobCertificate", json!("x"), vec!["JobCertificate", "an object"]),
        ("add", "/JobCertificate/Contents", json!(""), vec!["JobCertificate.Contents is missing"]),
        (
            "add",
            "/JobCertificate/Contents",
            json!("%%%%"),
            vec!["JobCertificate.Contents", "base64"],
        ),
        (
            "add",
            "/JobCertificate/ContentsFormat",
            json!("JKS"),
            vec!["JobCertificate.ContentsFormat", "PFX or PEM"],
        ),
        (
            "add",
            "/JobCertificate/PrivateKeyPassword",
            json!("ä".repeat(1025)),
            vec!["JobCertificate.PrivateKeyPassword", "at most 1,024 characters"],
        ),
        ("add", "/JobProperties", json!([]), vec!["JobProperties", "an object"]),
        ("add", "/JobProperties/CertificateTags", json!(7), vec!["JobProperties.CertificateTags"]),
        ("remove", "/JobCertificate/Alias", json!(""), vec!["JobCertificate.Alias is missing"]),
        (
            "create",
            "/CertificateStoreDetails/StorePath",
            json!("contoso"),
            vec!["CertificateStoreDetails.StorePath", "subscription:resource-group:vault"],
        ),
        ("inventory", "/LastInventory", json!("x"), vec!["LastInventory", "an array"]),
        ("inventory", "/LastInventory", json!([1]), vec!["LastInventory[0]", "an object"]),
        ("discovery", "/JobProperties/dirs", json!(["x"]), vec!["JobProperties.dirs", "text"]),
    ] {
        let message = refused(&with(fixture, pointer, value.clone()), &Options::default()).await;
        for part in says {
            assert!(message.contains(part), "{pointer} = {value}: {message}");
        }
    }
    for (property, value) in [
        ("TenantId", "no tenant"),
        ("SkuType", "gold"),
        ("VaultRegion", "west/europe"),
        ("AzureCloud", "mars"),
        ("PrivateEndpoint", "not an endpoint"),
        ("SubscriptionId", "one"),
        ("ResourceGroupName", "a/b"),
        ("VaultName", "--"),
    ] {
        let job = with_property("create", property, value.into());
        let message = refused(&job, &Options::default()).await;
        let field = format!("CertificateStoreDetails.Properties.{property}");
        assert!(message.contains(&field) && !message.contains(value), "{message}");
    }
}

#[tokio::test]
async fn vault_url_of_another_cloud_is_rejected_before_sending() {
    let url = "https://contoso.vault.azure.cn/";
    let job = with("inventory", "/CertificateStoreDetails/StorePath", url.into());
    let message = refused(&job, &Options::default()).await;
    assert!(message.contains("StorePath") && message.contains("vault.azure.net"), "{message}");
}

#[tokio::test]
async fn non_object_json_is_a_failure() {
    for (text, says) in [
        (&b""[..], "the text is empty"),
        (b"\xEF\xBB\xBF \n", "the text is empty"),
        (b"[]", "expected a JSON object"),
        (b"\xFF\xFE{\0}", "UTF-16"),
        (b"\xFF\xFE{\0}\0", "Capability is missing"),
        (b"{\"JobHistoryId\":1,}", "JSON object"),
        (b"{\"a\":\"\xC3\x28\"}", "JSON object"),
    ] {
        let message = refused(text, &Options::default()).await;
        assert!(message.contains(says), "{message}");
    }
}

#[tokio::test]
async fn the_plain_fixtures_succeed() {
    for fixture in ["inventory", "add", "remove", "create", "create-add", "discovery"] {
        let output = ran(fixture, &all_succeed()).await;
        assert_eq!(output.job_result.result, JobStatus::Success, "{fixture}: {output:?}");
    }
}
