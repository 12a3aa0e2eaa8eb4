//! The `api-version` of each interface, all in one place.

/// Certificates and secrets of a vault: the oldest version that has every operation used here, and
/// that every sovereign and private cloud supports. Versions from 7.6 on can preserve the chain
/// order as sent. This is not needed: a bundle is leaf first, and the service returns it leaf
/// first.
pub(crate) const KEY_VAULT: &str = "7.4";
/// The first version whose policies carry URIs and IP addresses. All other requests use the version
/// that every cloud supports.
pub(crate) const NEWER_KEY_VAULT: &str = "2025-07-01";
/// The first version after the retirement of all older ones on 27 February 2027.
pub(crate) const VAULTS: &str = "2026-02-01";
pub(crate) const SUBSCRIPTIONS: &str = "2022-12-01";
pub(crate) const RESOURCE_GROUPS: &str = "2021-04-01";
pub(crate) const CLOUD_METADATA: &str = "2022-09-01";
/// The newest stable version.
pub(crate) const RESOURCE_GRAPH: &str = "2024-04-01";
