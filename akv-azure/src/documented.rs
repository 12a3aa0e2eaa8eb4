//! Checks `docs/azure.md` against the source: roles, hosts and versions.

use std::fs;
use std::path::Path;

use akv_core::Cloud;
use serde_json::Value;

use crate::api::{ApiOperation, version};

/// The page. The published package of this crate contains no pages, so there is nothing to compare.
fn page() -> Option<String> {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    pages.is_dir().then(|| fs::read_to_string(pages.join("azure.md")).expect("the page"))
}

/// The operations of each job.
const JOBS: &[(&str, &[ApiOperation])] = &[
    ("Inventory", &[ApiOperation::ListCertificates, ApiOperation::GetCertificate]),
    (
        "Inventory with the chain",
        &[ApiOperation::ListCertificates, ApiOperation::GetCertificate, ApiOperation::GetSecret],
    ),
    (
        "Add",
        &[
            ApiOperation::GetCertificate,
            ApiOperation::ImportCertificate,
            ApiOperation::UpdateCertificate,
            ApiOperation::RecoverCertificate,
            ApiOperation::DeleteCertificate,
            ApiOperation::GetDeletedCertificate,
        ],
    ),
    (
        "Remove",
        &[
            ApiOperation::DeleteCertificate,
            ApiOperation::GetDeletedCertificate,
            ApiOperation::GetCertificate,
        ],
    ),
    (
        "Request",
        &[
            ApiOperation::GetCertificate,
            ApiOperation::CreateCertificate,
            ApiOperation::ForgetRequest,
        ],
    ),
    ("Discovery", &[ApiOperation::ListSubscriptions, ApiOperation::ListVaults]),
    (
        "Create",
        &[
            ApiOperation::GetSubscription,
            ApiOperation::GetResourceGroup,
            ApiOperation::GetVault,
            ApiOperation::CreateVault,
            ApiOperation::GetDeletedVault,
        ],
    ),
];

fn role(page: &str, job: &str) -> Value {
    let section = page.split("\n### ").find(|section| section.lines().next() == Some(job));
    let section = section.unwrap_or_else(|| panic!("a section {job}"));
    let block = section.split("```json\n").nth(1).and_then(|rest| rest.split("```").next());
    serde_json::from_str(block.expect("a role")).expect("JSON")
}

fn strings(role: &Value, field: &str) -> Vec<String> {
    let values = role[field].as_array().expect(field).iter();
    let mut values: Vec<_> = values.map(|it| it.as_str().expect("a string").to_owned()).collect();
    values.sort();
    values
}

#[test]
fn every_role_has_exactly_the_needed_permissions() {
    let Some(page) = page() else { return };
    for (job, operations) in JOBS {
        let role = role(&page, job);
        let of = |control: bool| {
            let mut actions: Vec<_> = operations
                .iter()
                .map(|operation| operation.needs())
                .filter(|needs| needs.permission.is_none() == control)
                .map(|needs| needs.action.to_owned())
                .collect();
            actions.sort();
            actions.dedup();
            actions
        };
        assert_eq!(strings(&role, "Actions"), of(true), "{job}");
        assert_eq!(strings(&role, "DataActions"), of(false), "{job}");
        assert!(strings(&role, "NotActions").is_empty());
        assert!(strings(&role, "NotDataActions").is_empty());
        let scopes = strings(&role, "AssignableScopes");
        assert!(scopes.iter().all(|scope| scope.starts_with("/subscriptions/")), "{job}");
        assert!(role["Name"].is_string() && role["Description"].is_string(), "{job}");
    }
}

#[test]
fn the_table_names_the_roles_and_permissions_that_refusals_name() {
    let Some(page) = page() else { return };
    for (job, operations) in JOBS {
        let row = page.lines().find(|line| line.starts_with(&format!("| {job} |")));
        let row = row.unwrap_or_else(|| panic!("a row {job}"));
        let row_text = row.to_lowercase();
        for needs in operations.iter().map(|operation| operation.needs()) {
            if let Some((_, verb)) = needs.permission.and_then(|it| it.split_once('/')) {
                assert!(row_text.contains(verb), "{job} needs {verb}: {row}");
            }
        }
    }
}

#[test]
fn the_hosts_of_every_built_in_cloud_are_named() {
    let Some(page) = page() else { return };
    for cloud in [Cloud::public(), Cloud::government(), Cloud::china()] {
        for url in [&cloud.authority, &cloud.resource_manager] {
            let host = url.trim_start_matches("https://");
            assert!(page.contains(&format!("`{host}`")), "{host}");
        }
        assert!(page.contains(&format!("`*.{}`", cloud.vault_suffix)), "{}", cloud.vault_suffix);
    }
}

#[test]
fn the_cloud_file_shown_is_one() {
    let Some(page) = page() else { return };
    let block = page.split("```text\n").nth(1).and_then(|rest| rest.split("```").next());
    let mut shown: Cloud = serde_json::from_str(block.expect("a cloud file")).expect("a cloud");
    assert!(shown.ca_file.take().is_some());
    assert_eq!(shown, Cloud::public());
}

#[test]
fn the_versions_are_those_that_are_sent() {
    let Some(page) = page() else { return };
    for (interface, version) in [
        ("Key Vault certificates and secrets", version::KEY_VAULT),
        (
            "Key Vault certificates, to request one with IP addresses or URIs",
            version::NEWER_KEY_VAULT,
        ),
        ("Vaults (Microsoft.KeyVault)", version::VAULTS),
        ("Subscriptions", version::SUBSCRIPTIONS),
        ("Resource groups", version::RESOURCE_GROUPS),
        ("Cloud metadata", version::CLOUD_METADATA),
    ] {
        assert!(page.contains(&format!("| {interface} | {version} |")), "{interface} {version}");
    }
}
