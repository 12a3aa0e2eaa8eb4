//! The port to the control plane.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;

use crate::error::{InvalidValue, Result};
use crate::listing::Listing;
use crate::store_path::StorePath;
use crate::vault::{ObjectId, ResourceGroupName, SubscriptionId, TenantId, VaultName};
use crate::vault_query::VaultQuery;

/// The operations of the control plane (Resource Manager). Absence is `Ok(None)`, as in
/// [`CertificateStore`](crate::CertificateStore).
#[async_trait]
pub trait VaultDirectory: Send + Sync {
    /// The subscriptions of a tenant that the caller can see, in any state.
    async fn subscriptions(&self, tenant: &TenantId) -> Result<Listing<Subscription>>;

    /// The store paths of all vaults in a subscription.
    async fn vaults(
        &self,
        tenant: &TenantId,
        subscription: SubscriptionId,
    ) -> Result<Listing<StorePath>>;

    /// A vault.
    async fn vault(&self, tenant: &TenantId, id: &VaultId) -> Result<Option<Vault>>;

    /// The region of a resource group. `None`: the group does not exist.
    async fn resource_group_region(
        &self,
        tenant: &TenantId,
        subscription: SubscriptionId,
        group: &ResourceGroupName,
    ) -> Result<Option<Region>>;

    /// Creates a vault and returns when it answers. Call it only after [`vault`](Self::vault)
    /// returned `None`: the service's operation would change an existing vault.
    async fn create(&self, tenant: &TenantId, vault: &NewVault) -> Result<Vault>;

    /// Waits until a vault that is being created from `vault`, with the state `found`, answers.
    async fn ready(&self, tenant: &TenantId, vault: &NewVault, found: Vault) -> Result<Vault>;

    /// The settings of a vault, if the directory can read them.
    async fn settings(&self, _tenant: &TenantId, _id: &VaultId) -> Result<Option<VaultSettings>> {
        Ok(None)
    }

    /// Its index, if it has one.
    fn query(&self) -> Option<&dyn VaultQuery> {
        None
    }
}

/// A subscription that the caller can see.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subscription {
    /// Its ID.
    pub id: SubscriptionId,
    /// Its display name.
    pub name: String,
    /// `Enabled`, `Warned`, `PastDue`, `Disabled`, `Deleted`.
    pub state: String,
}

impl Subscription {
    /// A subscription in that state.
    pub fn new(id: SubscriptionId, name: impl Into<String>, state: impl Into<String>) -> Self {
        Self { id, name: name.into(), state: state.into() }
    }

    /// Whether its resources can be read and used. Subscriptions in the states `Warned` and
    /// `PastDue` still work.
    pub fn is_usable(&self) -> bool {
        ["Enabled", "Warned", "PastDue"].iter().any(|s| self.state.eq_ignore_ascii_case(s))
    }
}

/// A vault with all parts that Resource Manager needs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "Resource Manager requires three parts")]
pub struct VaultId {
    /// Its subscription.
    pub subscription: SubscriptionId,
    /// Its resource group.
    pub resource_group: ResourceGroupName,
    /// Its name.
    pub name: VaultName,
}

impl TryFrom<&StorePath> for VaultId {
    type Error = InvalidValue;

    /// Resource Manager needs the three-part form.
    fn try_from(path: &StorePath) -> std::result::Result<Self, InvalidValue> {
        match (path.subscription(), path.resource_group()) {
            (Some(subscription), Some(group)) => {
                Ok(Self { subscription, resource_group: group.clone(), name: path.vault().clone() })
            }
            _ => Err(InvalidValue::new(
                "store path",
                &path.to_string(),
                "subscription:resource-group:vault, which is what creating a vault needs",
            )),
        }
    }
}

impl fmt::Display for VaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.subscription, self.resource_group, self.name)
    }
}

/// A vault in Resource Manager.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Vault {
    /// Its store path.
    pub path: StorePath,
    /// Its region.
    pub region: Region,
    /// The URL of its data plane, without a final slash.
    pub uri: Option<String>,
    /// `Succeeded`, `RegisteringDns`.
    pub provisioning_state: Option<String>,
}

impl Vault {
    /// A vault without further data.
    pub fn new(path: StorePath, region: Region) -> Self {
        Self { path, region, uri: None, provisioning_state: None }
    }
}

setters! {
    Vault {
        with_uri(uri: impl Into<Option<String>>),
        with_provisioning_state(provisioning_state: impl Into<Option<String>>),
    }
}

/// The protection of a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct VaultSettings {
    /// Whether purging before the end of the retention period is impossible.
    pub purge_protection: PurgeProtection,
    /// Whether every network can reach it.
    pub public_access: PublicAccess,
}

impl VaultSettings {
    /// Takes the settings.
    pub fn new(purge_protection: PurgeProtection, public_access: PublicAccess) -> Self {
        Self { purge_protection, public_access }
    }
}

/// A vault to create.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewVault {
    /// Its location and name.
    pub id: VaultId,
    /// Its region.
    pub region: Region,
    /// Its settings.
    pub options: VaultOptions,
}

impl NewVault {
    /// A vault in that region with default settings.
    pub fn new(id: VaultId, region: Region) -> Self {
        Self { id, region, options: VaultOptions::default() }
    }
}

setters! { NewVault { with_options(options: VaultOptions) } }

/// The settings of a new vault. The defaults are those of a careful administrator: standard, Azure
/// RBAC, 90 days of soft delete, public access. Purge protection is off, because it cannot be
/// undone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct VaultOptions {
    /// Standard or premium (with HSM keys).
    pub sku: Sku,
    /// The access model for the vault's contents.
    pub access: AccessModel,
    /// Whether purging before the end of the retention period is impossible, even for an owner.
    /// Cannot be undone.
    pub purge_protection: PurgeProtection,
    /// How long deleted objects and the deleted vault can be recovered.
    pub retention: RetentionDays,
    /// Whether the vault answers on its public address.
    pub public_access: PublicAccess,
    /// Tags of the vault itself, at most 50.
    pub tags: Vec<(String, String)>,
}

setters! {
    VaultOptions {
        with_sku(sku: Sku),
        with_access(access: AccessModel),
        with_purge_protection(purge_protection: PurgeProtection),
        with_retention(retention: RetentionDays),
        with_public_access(public_access: PublicAccess),
        with_tags(tags: Vec<(String, String)>),
    }
}

/// The pricing tier of a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    clippy::exhaustive_enums,
    reason = "every directory implementation must handle all variants"
)]
pub enum Sku {
    /// Software-protected keys.
    #[default]
    Standard,
    /// HSM-protected keys in addition.
    Premium,
}

impl FromStr for Sku {
    type Err = InvalidValue;

    fn from_str(text: &str) -> std::result::Result<Self, InvalidValue> {
        match text.trim().to_ascii_lowercase().as_str() {
            "standard" => Ok(Self::Standard),
            "premium" => Ok(Self::Premium),
            _ => Err(InvalidValue::new("SKU", text, "standard or premium")),
        }
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Standard => "standard",
            Self::Premium => "premium",
        })
    }
}

/// The access model for a vault's contents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(
    clippy::exhaustive_enums,
    reason = "every directory implementation must handle all variants"
)]
pub enum AccessModel {
    /// Azure role assignments.
    #[default]
    Rbac,
    /// Access policies of the vault; each listed object ID gets all certificate permissions that
    /// the jobs need. If the list is empty, the vault cannot be used until a policy is added.
    Policies(Vec<ObjectId>),
}

/// Whether a vault is protected from purging.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_enums, reason = "only on and off exist")]
pub enum PurgeProtection {
    /// Not protected.
    #[default]
    Off,
    /// Permanently protected.
    On,
}

/// Whether a vault answers on its public address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_enums, reason = "only on and off exist")]
pub enum PublicAccess {
    /// It does.
    #[default]
    Enabled,
    /// Only through private endpoints.
    Disabled,
}

/// Days of soft delete: 7 to 90, fixed when the vault is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionDays(u8);

impl RetentionDays {
    /// The number of days.
    pub fn days(self) -> u8 {
        self.0
    }
}

impl Default for RetentionDays {
    fn default() -> Self {
        Self(90)
    }
}

impl FromStr for RetentionDays {
    type Err = InvalidValue;

    fn from_str(text: &str) -> std::result::Result<Self, InvalidValue> {
        match text.trim().parse() {
            Ok(days @ 7..=90) => Ok(Self(days)),
            _ => Err(InvalidValue::new("retention", text, "7 to 90 days")),
        }
    }
}

/// A region such as `westeurope`. Comparison ignores letter case and spaces, because both `West
/// Europe` and `westeurope` are in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region(String);

impl Region {
    /// The name in the service's form: lower case, no spaces.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Region {
    type Err = InvalidValue;

    fn from_str(text: &str) -> std::result::Result<Self, InvalidValue> {
        let name: String =
            text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
        if (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric()) {
            Ok(Self(name))
        } else {
            Err(InvalidValue::new("region", text, "a region's name such as westeurope"))
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
