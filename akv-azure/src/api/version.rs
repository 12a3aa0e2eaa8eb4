//! The `api-version` of each interface, all in one place.

/// Certificates and secrets of a vault: the oldest version that has everything that is used here,
/// and that every sovereign and private cloud has. From 7.6 on the order of the chain can be kept as
/// sent, which is not needed: a bundle's order is leaf first anyway, and that is what the service
/// makes of it.
pub(crate) const KEY_VAULT: &str = "7.4";
/// The first that carries URIs and IP addresses in a policy. Other requests go to the version that
/// every cloud has.
pub(crate) const NEWER_KEY_VAULT: &str = "2025-07-01";
/// The first version after the retirement of all older ones on 27 February 2027.
pub(crate) const VAULTS: &str = "2026-02-01";
pub(crate) const SUBSCRIPTIONS: &str = "2022-12-01";
pub(crate) const RESOURCE_GROUPS: &str = "2021-04-01";
pub(crate) const CLOUD_METADATA: &str = "2022-09-01";
/// The newest stable version.
pub(crate) const RESOURCE_GRAPH: &str = "2024-04-01";
