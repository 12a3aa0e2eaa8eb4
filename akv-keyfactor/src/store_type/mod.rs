//! The store type with which Command sends the jobs of this adapter.
//!
//! `definition` contains the properties and entry parameters once: the parser takes their names
//! from it, and the documents are written from it, so they cannot differ.

mod definition;
mod document;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::PrettyFormatter;

pub(crate) use definition::{
    AZURE_CLOUD, CERTIFICATE_TAGS, NON_EXPORTABLE, PRESERVE_EXISTING_TAGS, PRIVATE_ENDPOINT,
    Property, SKU_TYPE, TENANT_ID, VAULT_REGION,
};
use definition::{ENTRY_PARAMETERS, PROPERTIES};
use document::{Audience, Manifest, StoreType};
pub use document::{Enrollment, PrivateKey};

/// The `integration-manifest.json` for `kfutil store-types create --from-file`.
///
/// ```
/// use akv_keyfactor::store_type::{Enrollment, PrivateKey, manifest};
/// let manifest = manifest(PrivateKey::Optional, Enrollment::No);
/// assert!(manifest.contains(r#""integration_type": "orchestrator""#));
/// ```
pub fn manifest(private_key: PrivateKey, enrollment: Enrollment) -> String {
    pretty(&Manifest::new(store_type(Audience::Manifest, private_key, enrollment)))
}

/// The body for `POST /KeyfactorAPI/CertificateStoreTypes`: the manifest's entry without the fields
/// that Command's API does not accept.
pub fn command_body(private_key: PrivateKey, enrollment: Enrollment) -> String {
    pretty(&store_type(Audience::Command, private_key, enrollment))
}

fn store_type(audience: Audience, private_key: PrivateKey, enrollment: Enrollment) -> StoreType {
    StoreType::new(audience, private_key, enrollment, &PROPERTIES, &ENTRY_PARAMETERS)
}

/// The header of the CSV file for `kfutil stores import csv`. It includes the columns for the
/// credential, which kfutil's own template lacks.
///
/// ```
/// let header = akv_keyfactor::store_type::csv_header();
/// assert!(header.starts_with("ContainerId,ClientMachine,StorePath,CreateIfMissing,Properties.TenantId,"));
/// ```
pub fn csv_header() -> String {
    let properties =
        PROPERTIES.iter().map(|one| one.name).chain(["ServerUsername", "ServerPassword"]);
    let mut columns: Vec<String> = CSV_BEFORE.iter().map(ToString::to_string).collect();
    columns.extend(properties.map(|name| format!("Properties.{name}")));
    columns.extend(CSV_AFTER.iter().map(ToString::to_string));
    columns.join(",")
}

fn pretty(document: &impl Serialize) -> String {
    let mut text = Vec::new();
    let mut serializer =
        Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b"    "));
    // Plain structs of strings and booleans, serialized into memory: this cannot fail.
    let written = document.serialize(&mut serializer);
    debug_assert!(written.is_ok(), "a store type is plain data");
    String::from_utf8(text).unwrap_or_default()
}

const CSV_BEFORE: [&str; 4] = ["ContainerId", "ClientMachine", "StorePath", "CreateIfMissing"];

const CSV_AFTER: [&str; 6] = [
    "AgentId",
    "InventorySchedule.Immediate",
    "InventorySchedule.Interval.Minutes",
    "InventorySchedule.Daily.Time",
    "InventorySchedule.Weekly.Days",
    "InventorySchedule.Weekly.Time",
];

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_documents_are_as_reviewed() {
        insta::assert_snapshot!(
            "integration_manifest",
            manifest(PrivateKey::Optional, Enrollment::No)
        );
        insta::assert_snapshot!("command_body", command_body(PrivateKey::Optional, Enrollment::No));
        insta::assert_snapshot!("csv_header", csv_header());
    }

    #[test]
    fn command_body_omits_members_unknown_to_the_api() {
        let manifest: Value =
            serde_json::from_str(&manifest(PrivateKey::Required, Enrollment::Yes)).expect("JSON");
        let mut entry = manifest["about"]["orchestrator"]["store_types"][0].clone();
        entry.as_object_mut().expect("an object").remove("ClientMachineDescription");
        for property in entry["Properties"].as_array_mut().expect("an array") {
            property.as_object_mut().expect("an object").remove("Description");
        }
        let body: Value =
            serde_json::from_str(&command_body(PrivateKey::Required, Enrollment::Yes))
                .expect("JSON");
        assert_eq!(body, entry);
        assert_eq!(body["PrivateKeyAllowed"], "Required");
        assert_eq!(body["SupportedOperations"]["Enrollment"], true);
    }

    /// The differences that an administrator sees to the store type of azurekeyvault-orchestrator
    /// 3.2.3.
    #[test]
    fn the_store_type_is_the_incumbents_but_for_a_blank_region() {
        let body: Value = serde_json::from_str(&command_body(PrivateKey::Optional, Enrollment::No))
            .expect("JSON");
        let shown = |list: &str| -> Vec<String> {
            let entries = body[list].as_array().expect("an array").iter();
            let cells = entries.map(|one| {
                ["Name", "DisplayName", "Type", "DefaultValue"]
                    .map(|member| one[member].as_str().unwrap_or_default())
                    .join("|")
            });
            cells.collect()
        };
        assert_eq!(
            shown("Properties"),
            [
                "TenantId|Tenant Id|String|",
                "SkuType|SKU Type|MultipleChoice|standard,premium",
                "VaultRegion|Vault Region|MultipleChoice|,eastus,eastus2,westus2,westus3,westus",
                "AzureCloud|Azure Cloud|MultipleChoice|public,china,government",
                "PrivateEndpoint|Private KeyVault Endpoint|String|",
            ]
        );
        assert_eq!(
            shown("EntryParameters"),
            [
                "CertificateTags|Certificate Tags|String|",
                "PreserveExistingTags|Preserve Existing Tags|Bool|False",
                "NonExportable|Non Exportable Private Key|Bool|False",
            ]
        );
        for (member, value) in [
            ("Name", "Azure Keyvault"),
            ("ShortName", "AKV"),
            ("Capability", "AKV"),
            ("PrivateKeyAllowed", "Optional"),
            ("CustomAliasAllowed", "Optional"),
            ("StorePathType", ""),
            ("StorePathValue", ""),
        ] {
            assert_eq!(body[member], value, "{member}");
        }
        for (member, value) in [
            ("BlueprintAllowed", false),
            ("LocalStore", false),
            ("PowerShell", false),
            ("ServerRequired", true),
        ] {
            assert_eq!(body[member], value, "{member}");
        }
    }

    #[test]
    fn default_values_fit_the_field_that_command_has_for_them() {
        for property in &PROPERTIES {
            assert!(property.default.len() <= 100, "{}", property.name);
        }
        for parameter in &ENTRY_PARAMETERS {
            assert!(parameter.default.len() <= 100, "{}", parameter.name);
        }
    }
}
