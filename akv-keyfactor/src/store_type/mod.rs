//! The store type that makes Command send the jobs of this adapter.
//!
//! The properties and entry parameters stand in `definition` once: the parser reads them under
//! their names from there, and the documents here are written from there, so they cannot disagree.

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

/// The `integration-manifest.json` that `kfutil store-types create --from-file` takes.
///
/// ```
/// let manifest = akv_keyfactor::store_type::manifest();
/// assert!(manifest.contains(r#""integration_type": "orchestrator""#));
/// ```
pub fn manifest() -> String {
    pretty(&Manifest::new(StoreType::new(Audience::Manifest, &PROPERTIES, &ENTRY_PARAMETERS)))
}

/// The body for `POST /KeyfactorAPI/CertificateStoreTypes`: the manifest's entry without what
/// Command's API does not know.
pub fn command_body() -> String {
    pretty(&StoreType::new(Audience::Command, &PROPERTIES, &ENTRY_PARAMETERS))
}

/// The header of the CSV file that `kfutil stores import csv` takes, with the columns for the
/// credential, which its own template leaves out.
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
    // Plain structs of texts and booleans into memory: there is nothing that can fail.
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
        insta::assert_snapshot!("integration_manifest", manifest());
        insta::assert_snapshot!("command_body", command_body());
        insta::assert_snapshot!("csv_header", csv_header());
    }

    #[test]
    fn command_gets_the_manifests_entry_without_what_its_api_does_not_know() {
        let manifest: Value = serde_json::from_str(&manifest()).expect("JSON");
        let mut entry = manifest["about"]["orchestrator"]["store_types"][0].clone();
        entry.as_object_mut().expect("an object").remove("ClientMachineDescription");
        for property in entry["Properties"].as_array_mut().expect("an array") {
            property.as_object_mut().expect("an object").remove("Description");
        }
        let body: Value = serde_json::from_str(&command_body()).expect("JSON");
        assert_eq!(body, entry);
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
