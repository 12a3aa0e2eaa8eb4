//! The fake cloud through its public interface.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test helpers fail like tests"
)]

mod any_request;
mod arc;
mod backup;
mod client_certificate;
mod faults;
mod identity;
mod issuers;
mod local_clients;
mod manager_recorded;
mod memory;
mod official_sdk;
mod program;
mod recorded;
mod resource_graph;
mod resource_manager;
mod soft_delete;
mod subjects;
mod support;
mod tls;
mod vault;
mod vault_generated;
mod wiremock;
mod wrong_types;
