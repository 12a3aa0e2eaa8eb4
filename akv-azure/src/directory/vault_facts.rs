//! How a vault is set up, as far as a diagnosis wants to know it.

/// A vault's settings in Resource Manager. What it does not say is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct VaultFacts {
    /// Whether Azure roles decide about access, and not access policies.
    pub rbac: Option<bool>,
    /// Whether deleted certificates can be recovered.
    pub soft_delete: Option<bool>,
    /// For how many days.
    pub retention_days: Option<u16>,
    /// Whether nobody can purge before that.
    pub purge_protection: Option<bool>,
    /// Whether the vault answers on its public address.
    pub public_access: Option<bool>,
    /// Whether the firewall keeps out addresses that no rule names.
    pub firewall: Option<bool>,
    /// The price tier.
    pub sku: Option<String>,
    /// The region.
    pub region: Option<String>,
}
