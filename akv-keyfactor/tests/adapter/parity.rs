//! One test a row of `docs/parity.md`, as far as the row is about the adapter. The rows about what
//! is decided and what is sent have their tests where that happens.

use std::collections::BTreeSet;

use akv_core::job::{
    Contents, DiscoveryRequest, Effect, ExistingTags, ItemSource, Known, Outcome, Overwrite,
    Status, Undiscovered, Unreadable,
};
use akv_core::{
    Cloud, Credential, Denial, Error, ErrorKind, Exportable, KeyState, Region, Sku, Tags,
};
use akv_keyfactor::{CurrentInventoryItem, InventorySink, JobStatus, Options};
use async_trait::async_trait;
use serde_json::json;

use super::configurations::{fixture, tree, with, with_property};
use super::mocks::{
    MockJobs, add, add_ending, create_ending, created, discovery, exists, found, imported,
    inventory, item, listed, management, name, ran, refused, remove_ending, removed, thumbprint,
};

const SUBSCRIPTION: &str = "11111111-2222-3333-4444-555555555555";
const TENANT: &str = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
const OTHER_TENANT: &str = "bbbbbbbb-cccc-dddd-eeee-ffffffffffff";

fn denied(tried: &str) -> Error {
    Error::new(ErrorKind::Denied(Denial::Rbac), tried, "not allowed")
}

fn failed(tried: &str) -> Outcome {
    Outcome::failure(denied(tried))
}

#[tokio::test]
async fn i1_store_properties_are_read_and_override_the_path() {
    let jobs = create_ending(
        |address, request| {
            assert_eq!(address.path.to_string(), format!("{SUBSCRIPTION}:pki-rg:fabrikam"));
            assert_eq!(request.options.sku, Sku::Premium);
            assert_eq!(request.region.as_ref().map(Region::as_str), Some("westeurope"));
        },
        created(),
    );
    assert_eq!(ran("I1", &jobs).await.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn i2_a_blank_override_is_none() {
    let jobs = inventory(
        |address, _, _| {
            assert_eq!(address.path.to_string(), format!("{SUBSCRIPTION}:pki-rg:contoso"));
        },
        vec![],
        listed(0),
    );
    assert_eq!(ran("I2", &jobs).await.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn i3_the_tenant_property_stands_in_for_the_client_machine() {
    let jobs = inventory(
        |address, _, _| {
            let tenant = address.tenant.as_ref().expect("a tenant");
            assert_eq!(tenant.as_str(), "contoso.onmicrosoft.com");
        },
        vec![],
        listed(0),
    );
    assert_eq!(ran("I3", &jobs).await.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn i4_a_store_path_is_read_in_every_spelling_or_refused_with_the_format() {
    let message = refused(&fixture("I4"), &Options::default()).await;
    assert!(message.contains("CertificateStoreDetails.StorePath"), "{message}");
    assert!(message.contains("subscription:resource-group:vault"), "{message}");
    for path in [
        format!(
            "/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/contoso"
        ),
        "https://contoso.vault.azure.net/".into(),
        format!("{SUBSCRIPTION}:contoso"),
        "contoso".into(),
    ] {
        let jobs = inventory(
            |address, _, _| assert_eq!(address.path.vault().as_str(), "contoso"),
            vec![],
            listed(0),
        );
        let job = with("I4", "/CertificateStoreDetails/StorePath", path.as_str().into());
        let output = akv_keyfactor::run(&job, &jobs, &Options::default()).await;
        assert_eq!(output.job_result.result, JobStatus::Success, "{path}");
    }
}

#[tokio::test]
async fn i5_a_broken_configuration_is_a_failure_with_the_jobs_id() {
    let output = ran("I5", &MockJobs::new()).await;
    assert_eq!(output.job_result.result, JobStatus::Failure);
    assert_eq!(output.job_result.job_history_id, 26009);
    let message = output.job_result.failure_message;
    assert!(message.contains("CertificateStoreDetails.Properties"), "{message}");
}

#[tokio::test]
async fn i6_the_jobs_cloud_is_the_whole_address_of_its_services() {
    let jobs =
        inventory(|address, _, _| assert_eq!(address.cloud, Cloud::china()), vec![], listed(0));
    assert_eq!(ran("I6", &jobs).await.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn i7_the_german_cloud_is_told_to_be_closed() {
    let message = refused(&fixture("I7"), &Options::default()).await;
    assert!(message.contains("Properties.AzureCloud") && message.contains("closed"), "{message}");
}

#[tokio::test]
async fn i8_a_private_endpoint_is_a_suffix_a_host_or_a_url() {
    for endpoint in [
        "https://contoso.privatelink.example.net/",
        "contoso.privatelink.example.net",
        "privatelink.example.net",
        ".privatelink.example.net",
    ] {
        let jobs = inventory(
            |address, _, _| {
                let host = address.vault_host().expect("a host");
                assert_eq!(host, "contoso.privatelink.example.net");
                assert_eq!(address.cloud, Cloud::public());
            },
            vec![],
            listed(0),
        );
        let job = with_property("I8", "PrivateEndpoint", endpoint.into());
        let output = akv_keyfactor::run(&job, &jobs, &Options::default()).await;
        assert_eq!(output.job_result.result, JobStatus::Success, "{endpoint}");
    }
}

#[tokio::test]
async fn i9_no_secret_or_the_word_managed_is_a_managed_identity_and_nothing_else() {
    let system = |credential: &Credential| matches!(credential, Credential::SystemAssignedIdentity);
    let user =
        |credential: &Credential| matches!(credential, Credential::UserAssignedIdentity { .. });
    let client = "99999999-8888-7777-6666-555555555555";
    for (username, password, expected) in [
        (json!(null), json!("Managed"), system as fn(&Credential) -> bool),
        (json!(""), json!(""), system),
        (json!(null), json!(null), system),
        (json!(client), json!("managed"), user),
        (json!(client), json!(" "), user),
    ] {
        let jobs = inventory(
            move |_, credential, _| assert!(expected(credential), "{credential:?}"),
            vec![],
            listed(0),
        );
        let mut job = tree("I9");
        job["ServerUsername"] = username;
        job["ServerPassword"] = password;
        let output =
            akv_keyfactor::run(job.to_string().as_bytes(), &jobs, &Options::default()).await;
        assert_eq!(output.job_result.result, JobStatus::Success);
    }
}

#[tokio::test]
async fn i10_a_refused_parameter_is_named_and_not_shown() {
    let message = refused(&fixture("I10"), &Options::default()).await;
    assert!(message.contains("JobProperties.CertificateTags"), "{message}");
    assert!(!message.contains("merger"), "{message}");
}

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
async fn m3_non_exportable_is_understood_as_text_or_refused() {
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
async fn m4_create_add_creates_the_vault_where_it_is_not_and_adds() {
    for (creation, message) in
        [(created(), "created vault contoso; imported web-01"), (exists(), "imported web-01")]
    {
        let jobs = management(move |job, _, _| {
            let creation = creation.clone();
            job.expect_create().times(1).returning(move |_| creation.clone());
            job.expect_add().times(1).returning(|_| imported());
        });
        let result = ran("create-add", &jobs).await.job_result;
        assert_eq!(result.result, JobStatus::Success);
        assert!(result.failure_message.starts_with(message), "{}", result.failure_message);
    }
    let jobs = management(|job, _, _| {
        job.expect_create().returning(|_| failed("create vault contoso"));
        job.expect_add().never();
    });
    assert_eq!(ran("create-add", &jobs).await.job_result.result, JobStatus::Failure);
}

#[tokio::test]
async fn a1_tags_are_read_in_double_and_single_quotes_and_all_else_is_refused() {
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
            assert!(request.contents.open(&request.password).is_err());
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
        Outcome::warning(Effect::Nothing, "it exists already: nothing was changed"),
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
async fn a7_what_was_in_soft_delete_is_recovered_or_refused_as_the_program_says() {
    use akv_core::job::SoftDeleted;
    for soft_deleted in [SoftDeleted::Recover, SoftDeleted::Refuse] {
        let jobs = add(move |_, _, request| assert_eq!(request.soft_deleted, soft_deleted));
        let options = Options { soft_deleted, ..Options::default() };
        let output = akv_keyfactor::run(&fixture("A7"), &jobs, &options).await;
        assert_eq!(output.job_result.result, JobStatus::Success);
    }
}

#[tokio::test]
async fn a8_contents_are_pfx_unless_the_job_says_pem() {
    let pem = "-----BEGIN PRIVATE KEY-----";
    for (contents, format) in [("LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t", "PEM"), (pem, "pem")] {
        let jobs = add(move |_, _, request| match &request.contents {
            Contents::Pem(text) => assert_eq!(text.as_slice(), pem.as_bytes()),
            Contents::Pfx(_) => panic!("PEM was taken for a PFX"),
        });
        let mut job = tree("A8");
        job["JobCertificate"]["Contents"] = contents.into();
        job["JobCertificate"]["ContentsFormat"] = format.into();
        let output =
            akv_keyfactor::run(job.to_string().as_bytes(), &jobs, &Options::default()).await;
        assert_eq!(output.job_result.result, JobStatus::Success);
    }
    let jobs = add(|_, _, request| match &request.contents {
        Contents::Pfx(bytes) => assert_eq!(bytes.as_slice(), b"\x30\x82\x03\x02\x01\x03\x30"),
        Contents::Pem(_) => panic!("a PFX was taken for PEM"),
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
async fn a11_success_tells_version_and_thumbprint_and_no_message_is_too_long() {
    let result = ran("A11", &add(|_, _, _| {})).await.job_result;
    assert!(result.failure_message.contains("version 0123456789abcdef0123456789abcdef"));
    assert!(result.failure_message.contains(&thumbprint().to_string()));

    let long = Outcome::warning(Effect::Nothing, "界".repeat(5000));
    let message = ran("A11", &add_ending(|_, _, _| {}, long)).await.job_result.failure_message;
    assert_eq!(message.chars().count(), 4000);
    assert!(message.ends_with("the log has the rest)"), "{message}");
}

#[tokio::test]
async fn a12_an_alias_that_no_vault_takes_is_refused_with_the_rule() {
    let message = refused(&fixture("A12"), &Options::default()).await;
    assert!(message.contains("JobCertificate.Alias") && message.contains("1 to 127"), "{message}");
}

#[tokio::test]
async fn r1_an_alias_is_passed_on_as_it_is_written_and_compares_without_case() {
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
async fn r2_removing_what_is_not_there_is_a_warning() {
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
    use akv_core::{PurgeProtection, VaultOptions};
    let new_vault =
        VaultOptions { purge_protection: PurgeProtection::On, ..VaultOptions::default() };
    let jobs = create_ending(
        |address, request| {
            let tenant = address.tenant.as_ref().expect("a tenant");
            assert_eq!(tenant.as_str(), "contoso.onmicrosoft.com");
            assert_eq!(request.options.sku, Sku::Premium);
            assert_eq!(request.options.purge_protection, PurgeProtection::On);
        },
        created(),
    );
    let options = Options { new_vault, ..Options::default() };
    let output = akv_keyfactor::run(&fixture("C3"), &jobs, &options).await;
    assert_eq!(output.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn c4_an_existing_vault_is_a_warning() {
    let result = ran("C4", &create_ending(|_, _| {}, exists())).await.job_result;
    assert_eq!(result.result, JobStatus::Warning);
    assert!(result.failure_message.contains("nothing was changed"));
}

#[tokio::test]
async fn v1_the_programs_bounds_reach_the_inventory() {
    use akv_core::job::{Coverage, Unchanged};
    let options = Options {
        coverage: Coverage::Chain,
        unchanged: Unchanged::Skip,
        concurrency: "7".parse().expect("a number"),
        ..Options::default()
    };
    let expected = options.concurrency;
    let jobs = inventory(
        move |_, _, request| {
            assert_eq!(request.coverage, Coverage::Chain);
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
async fn v2_items_have_the_incumbents_shape_and_the_true_state_of_the_key() {
    let mut keyless = item("no-key");
    keyless.has_key = false;
    keyless.key = None;
    keyless.tags = Tags::default();
    let mut kept = item("with-chain");
    kept.certificates.push(b"the issuer".to_vec());
    kept.key = Some(KeyState { exportable: Some(Exportable::No), kind: None });
    let jobs = inventory(|_, _, _| {}, vec![item("web-01"), keyless, kept], listed(3));
    let output = ran("V2", &jobs).await;
    insta::assert_json_snapshot!("inventory_items", output);
}

#[tokio::test]
async fn v3_an_unreadable_certificate_is_a_warning_and_keeps_its_last_known_state() {
    let mut kept = item("locked");
    kept.source = ItemSource::LastKnown;
    kept.certificates = Vec::new();
    kept.key = None;
    let mut outcome = listed(2);
    outcome.status = Status::Warning;
    outcome.unreadable = vec![Unreadable {
        name: name("locked"),
        error: denied("get certificate locked in vault contoso"),
        last_known: true,
    }];
    let jobs = inventory(
        |_, _, request| {
            let known = Known::Summary { thumbprints: vec![thumbprint()], has_key: true };
            assert_eq!(request.last.get(&name("LOCKED")), Some(&known));
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

/// Takes one item and then says that it cannot pass any on.
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
async fn v5_an_orchestrator_that_does_not_take_the_items_makes_it_a_failure() {
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

fn tenants(request: &DiscoveryRequest) -> Vec<&str> {
    request.tenants.iter().map(akv_core::TenantId::as_str).collect()
}

#[tokio::test]
async fn d1_tenants_are_trimmed_and_each_is_searched_once() {
    let jobs =
        discovery(|_, _, request| assert_eq!(tenants(request), [TENANT, OTHER_TENANT]), found());
    assert_eq!(ran("D1", &jobs).await.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn d2_a_tenant_that_fails_is_a_warning_beside_the_vaults_of_the_others() {
    let mut partial = found();
    partial.status = Status::Warning;
    partial.missed = vec![Undiscovered {
        tenant: OTHER_TENANT.parse().expect("a tenant"),
        subscription: None,
        error: denied("list subscriptions"),
    }];
    let output = ran("D2", &discovery(|_, _, _| {}, partial)).await;
    assert_eq!(output.job_result.result, JobStatus::Warning);
    assert!(output.job_result.failure_message.contains(OTHER_TENANT));
    assert_eq!(output.discovery.expect("stores").len(), 2);
}

#[tokio::test]
async fn d3_no_tenant_at_all_is_a_failure_that_names_both_fields() {
    let message = refused(&fixture("D3"), &Options::default()).await;
    assert!(message.contains("ClientMachine") && message.contains("JobProperties.dirs"));
    let bad = with("D3", "/JobProperties/dirs", format!("{TENANT}, no tenant").into());
    let message = refused(&bad, &Options::default()).await;
    assert!(message.contains("JobProperties.dirs") && message.contains("number 2"), "{message}");
}

#[tokio::test]
async fn d4_the_client_machine_is_searched_only_where_no_directory_is_named() {
    let jobs = discovery(|_, _, request| assert_eq!(tenants(request), [OTHER_TENANT]), found());
    assert_eq!(ran("D4", &jobs).await.job_result.result, JobStatus::Success);
    let jobs = discovery(|_, _, request| assert_eq!(tenants(request), [TENANT]), found());
    assert_eq!(ran("discovery", &jobs).await.job_result.result, JobStatus::Success);
}

#[tokio::test]
async fn d5_discovery_is_in_the_cloud_that_the_program_names() {
    for cloud in [None, Some(Cloud::government())] {
        let expected = cloud.clone().unwrap_or_else(Cloud::public);
        let jobs = discovery(move |cloud, _, _| assert_eq!(*cloud, expected), found());
        let options = Options { cloud, ..Options::default() };
        let output = akv_keyfactor::run(&fixture("D5"), &jobs, &options).await;
        assert_eq!(output.job_result.result, JobStatus::Success);
    }
}

#[tokio::test]
async fn d6_store_paths_have_three_parts_and_the_message_has_the_count() {
    let output = ran("D6", &discovery(|_, _, _| {}, found())).await;
    let stores = output.discovery.expect("stores");
    let unique: BTreeSet<&str> = stores.iter().map(String::as_str).collect();
    assert_eq!(
        unique,
        BTreeSet::from([
            "11111111-2222-3333-4444-555555555555:pki-rg:contoso",
            "11111111-2222-3333-4444-555555555555:pki-rg:fabrikam",
        ])
    );
    assert!(output.job_result.failure_message.starts_with("2 vaults found"));
}

#[tokio::test]
async fn d7_a_long_message_of_a_discovery_is_cut_too() {
    let mut partial = found();
    partial.status = Status::Warning;
    partial.missed = (0..100)
        .map(|_| Undiscovered {
            tenant: TENANT.parse().expect("a tenant"),
            subscription: SUBSCRIPTION.parse().ok(),
            error: denied("list vaults of a subscription"),
        })
        .collect();
    let output = ran("D7", &discovery(|_, _, _| {}, partial)).await;
    assert_eq!(output.job_result.failure_message.chars().count(), 4000);
}

#[tokio::test]
async fn d8_a_failed_discovery_uploads_nothing() {
    let mut outcome = found();
    outcome.status = Status::Failure;
    let output = ran("D8", &discovery(|_, _, _| {}, outcome)).await;
    assert_eq!(output.job_result.result, JobStatus::Failure);
    assert_eq!(output.discovery, None);
}
