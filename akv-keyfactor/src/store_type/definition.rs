//! The single table of all administrator settings: the parser reads it, and the documents are
//! written from it.

/// A custom property of a store, or an entry parameter of a certificate in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Property {
    /// Its name in a job configuration.
    pub(crate) name: &'static str,
    /// Its label in Command.
    pub(crate) label: &'static str,
    pub(crate) description: &'static str,
    pub(crate) kind: Kind,
    /// Command's default; for a choice the list of choices, at most 100 characters.
    pub(crate) default: &'static str,
}

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Flag,
    Choice,
}

impl Kind {
    /// Command's name for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "String",
            Self::Flag => "Bool",
            Self::Choice => "MultipleChoice",
        }
    }
}

pub(crate) const PROPERTIES: [Property; 5] =
    [TENANT_ID, SKU_TYPE, VAULT_REGION, AZURE_CLOUD, PRIVATE_ENDPOINT];

pub(crate) const ENTRY_PARAMETERS: [Property; 3] =
    [CERTIFICATE_TAGS, PRESERVE_EXISTING_TAGS, NON_EXPORTABLE];

pub(crate) const TENANT_ID: Property = Property {
    name: "TenantId",
    label: "Tenant Id",
    description: "The tenant of the vault if Client Machine does not contain it: its ID or one of \
                  its domain names.",
    kind: Kind::Text,
    default: "",
};

pub(crate) const SKU_TYPE: Property = Property {
    name: "SkuType",
    label: "SKU Type",
    description: "The price tier of a vault that Command creates. Existing vaults are not changed.",
    kind: Kind::Choice,
    default: "standard,premium",
};

/// The list starts with a blank choice. Command before 25.2 preselects the first choice, and would
/// place new vaults in a region that no administrator chose.
pub(crate) const VAULT_REGION: Property = Property {
    name: "VaultRegion",
    label: "Vault Region",
    description: "The region of a vault that Command creates. Blank: the region of the resource \
                  group. Any region name can be added to the list.",
    kind: Kind::Choice,
    default: ",eastus,eastus2,westus2,westus3,westus",
};

pub(crate) const AZURE_CLOUD: Property = Property {
    name: "AzureCloud",
    label: "Azure Cloud",
    description: "The cloud that the vault is in. Blank: public.",
    kind: Kind::Choice,
    default: "public,china,government",
};

pub(crate) const PRIVATE_ENDPOINT: Property = Property {
    name: "PrivateEndpoint",
    label: "Private KeyVault Endpoint",
    description: "The endpoint of the vault, if not its public name: a DNS suffix, a host name or \
                  an https URL.",
    kind: Kind::Text,
    default: "",
};

pub(crate) const CERTIFICATE_TAGS: Property = Property {
    name: "CertificateTags",
    label: "Certificate Tags",
    description: "The tags of the certificate as a JSON object, in double or single quotes: \
                  {'owner':'pki','env':'test'}. At most 15, of at most 256 characters each.",
    kind: Kind::Text,
    default: "",
};

pub(crate) const PRESERVE_EXISTING_TAGS: Property = Property {
    name: "PreserveExistingTags",
    label: "Preserve Existing Tags",
    description: "When overwriting: whether to keep existing tags; tags given here take \
                  precedence. Otherwise the tags given here replace them.",
    kind: Kind::Flag,
    default: "False",
};

pub(crate) const NON_EXPORTABLE: Property = Property {
    name: "NonExportable",
    label: "Non Exportable Private Key",
    description: "Whether the private key is non-exportable.",
    kind: Kind::Flag,
    default: "False",
};
