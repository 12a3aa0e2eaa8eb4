//! The store type for Command's tools. The order of the members is the documents' order.

use serde::Serialize;

use super::definition::{Kind, Property};

/// The reader of the definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// The integration manifest, which describes every field.
    Manifest,
    /// Command's API, which does not accept some of the descriptions.
    Command,
}

/// Whether Command allows adding a certificate without its private key. Key Vault cannot import
/// one, so such a job fails; with `Required`, Command rejects it before it creates a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum PrivateKey {
    /// As in the store type of the other extension for Azure Key Vault.
    #[default]
    Optional,
    /// Command requires the private key.
    Required,
}

/// Whether the store type supports reenrollment: the vault generates keys, and Command has
/// certificates issued for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Enrollment {
    /// As in the store type of the other extension for Azure Key Vault.
    #[default]
    No,
    /// An orchestrator must support it, and must be approved for it.
    Yes,
}

#[derive(Serialize)]
pub(super) struct Manifest {
    #[serde(rename = "$schema")]
    schema: &'static str,
    integration_type: &'static str,
    name: &'static str,
    status: &'static str,
    update_catalog: bool,
    link_github: bool,
    release_dir: &'static str,
    release_project: &'static str,
    support_level: &'static str,
    description: &'static str,
    about: About,
}

#[derive(Serialize)]
struct About {
    orchestrator: Orchestrator,
}

#[derive(Serialize)]
struct Orchestrator {
    #[serde(rename = "UOFramework")]
    uo_framework: &'static str,
    keyfactor_platform_version: &'static str,
    pam_support: bool,
    store_types: [StoreType; 1],
}

impl Manifest {
    pub(super) fn new(store_type: StoreType) -> Self {
        Self {
            schema: "https://keyfactor.github.io/v2/integration-manifest-schema.json",
            integration_type: "orchestrator",
            name: "Azure Key Vault",
            status: "prototype",
            update_catalog: false,
            link_github: false,
            release_dir: "",
            release_project: "",
            support_level: "community",
            description: "Manages the certificates of Azure Key Vaults: inventory, add, remove, \
                          create vault and discovery.",
            about: About {
                orchestrator: Orchestrator {
                    uo_framework: "10.1",
                    keyfactor_platform_version: "10.0",
                    pam_support: true,
                    store_types: [store_type],
                },
            },
        }
    }
}

/// A store type. The enumerations are written by name: kfutil does not decode their numbers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_excessive_bools, reason = "the flags are Command's own")]
pub(super) struct StoreType {
    name: &'static str,
    short_name: &'static str,
    capability: &'static str,
    local_store: bool,
    supported_operations: SupportedOperations,
    properties: Vec<StoreProperty>,
    entry_parameters: Vec<EntryParameter>,
    password_options: PasswordOptions,
    store_path_type: &'static str,
    store_path_value: &'static str,
    private_key_allowed: &'static str,
    job_properties: [&'static str; 0],
    server_required: bool,
    power_shell: bool,
    blueprint_allowed: bool,
    custom_alias_allowed: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_machine_description: Option<&'static str>,
    store_path_description: &'static str,
}

impl StoreType {
    pub(super) fn new(
        audience: Audience,
        private_key: PrivateKey,
        enrollment: Enrollment,
        properties: &[Property],
        entry_parameters: &[Property],
    ) -> Self {
        let in_manifest = audience == Audience::Manifest;
        Self {
            name: "Azure Keyvault",
            short_name: "AKV",
            capability: "AKV",
            local_store: false,
            supported_operations: SupportedOperations {
                add: true,
                create: true,
                discovery: true,
                enrollment: enrollment == Enrollment::Yes,
                remove: true,
            },
            properties: properties.iter().map(|one| StoreProperty::new(audience, one)).collect(),
            entry_parameters: entry_parameters.iter().map(EntryParameter::new).collect(),
            password_options: PasswordOptions {
                entry_supported: false,
                store_required: false,
                style: "Default",
            },
            store_path_type: "",
            store_path_value: "",
            private_key_allowed: match private_key {
                PrivateKey::Optional => "Optional",
                PrivateKey::Required => "Required",
            },
            job_properties: [],
            server_required: true,
            power_shell: false,
            blueprint_allowed: false,
            custom_alias_allowed: "Optional",
            client_machine_description: in_manifest.then_some(
                "The tenant of the vault: its ID or one of its domain names. With a managed \
                 identity this may be any display name, unless vaults are created or discovered.",
            ),
            store_path_description: "The vault: 'subscription:resource-group:vault', its resource \
                                     ID, its URL or, if no vault is created, its name.",
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_excessive_bools, reason = "the document has one flag per operation")]
struct SupportedOperations {
    add: bool,
    create: bool,
    discovery: bool,
    enrollment: bool,
    remove: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PasswordOptions {
    entry_supported: bool,
    store_required: bool,
    style: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StoreProperty {
    name: &'static str,
    display_name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'static str>,
    #[serde(rename = "Type")]
    kind: &'static str,
    depends_on: &'static str,
    default_value: &'static str,
    required: bool,
}

impl StoreProperty {
    fn new(audience: Audience, property: &Property) -> Self {
        Self {
            name: property.name,
            display_name: property.label,
            description: (audience == Audience::Manifest).then_some(property.description),
            kind: property.kind.name(),
            depends_on: "",
            default_value: property.default,
            required: false,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct EntryParameter {
    name: &'static str,
    display_name: &'static str,
    description: &'static str,
    #[serde(rename = "Type")]
    kind: &'static str,
    required_when: RequiredWhen,
    depends_on: &'static str,
    default_value: &'static str,
    options: &'static str,
}

impl EntryParameter {
    fn new(parameter: &Property) -> Self {
        debug_assert!(parameter.kind != Kind::Choice, "its choices would belong into Options");
        Self {
            name: parameter.name,
            display_name: parameter.label,
            description: parameter.description,
            kind: parameter.kind.name(),
            required_when: RequiredWhen::default(),
            depends_on: "",
            default_value: parameter.default,
            options: "",
        }
    }
}

#[derive(Serialize, Default)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_excessive_bools, reason = "the document has one flag per occasion")]
struct RequiredWhen {
    has_private_key: bool,
    on_add: bool,
    on_remove: bool,
    on_reenrollment: bool,
}
