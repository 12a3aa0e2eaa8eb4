//! The settings of a vault that a diagnosis reads.

/// A vault's settings in Resource Manager. `None`: the answer does not state the setting.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct VaultFacts {
    /// Whether Azure roles control access instead of access policies.
    pub rbac: Option<bool>,
    /// Whether deleted certificates can be recovered.
    pub soft_delete: Option<bool>,
    /// The retention period of deleted certificates, in days.
    pub retention_days: Option<u16>,
    /// Whether purging before the end of the retention period is impossible.
    pub purge_protection: Option<bool>,
    /// Whether the vault answers on its public address.
    pub public_access: Option<bool>,
    /// Whether the firewall blocks addresses that no rule allows.
    pub firewall: Option<bool>,
    /// The price tier.
    pub sku: Option<String>,
    /// The region.
    pub region: Option<String>,
}
