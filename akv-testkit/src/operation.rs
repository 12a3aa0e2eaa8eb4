//! The operation of a request, for faults, permissions and the journal.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// An operation of one of the fake's services.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Operation {
            $($(#[$doc])* $name,)*
        }

        impl Operation {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name, as the journal and the faults file write it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }
        }
    };
}

operations! {
    /// `GET /certificates`.
    ListCertificates,
    /// `GET /certificates/{name}[/{version}]`.
    GetCertificate,
    /// `GET /certificates/{name}/versions`.
    ListVersions,
    /// `POST /certificates/{name}/import`.
    ImportCertificate,
    /// `POST /certificates/{name}/create`.
    CreateCertificate,
    /// `GET /certificates/{name}/pending`.
    GetPending,
    /// `PATCH /certificates/{name}/pending`: cancellation.
    UpdatePending,
    /// `DELETE /certificates/{name}/pending`.
    DeletePending,
    /// `POST /certificates/{name}/pending/merge`.
    MergePending,
    /// `PATCH /certificates/{name}[/{version}]`.
    UpdateCertificate,
    /// `DELETE /certificates/{name}`.
    DeleteCertificate,
    /// `GET /certificates/{name}/policy`.
    GetPolicy,
    /// `PATCH /certificates/{name}/policy`.
    UpdatePolicy,
    /// `POST /certificates/{name}/backup`.
    BackupCertificate,
    /// `POST /certificates/restore`.
    RestoreCertificate,
    /// `GET /certificates/contacts`.
    GetContacts,
    /// `PUT /certificates/contacts`.
    SetContacts,
    /// `DELETE /certificates/contacts`.
    DeleteContacts,
    /// `GET /certificates/issuers`.
    ListIssuers,
    /// `GET /certificates/issuers/{issuer}`.
    GetIssuer,
    /// `PUT /certificates/issuers/{issuer}`.
    SetIssuer,
    /// `PATCH /certificates/issuers/{issuer}`.
    UpdateIssuer,
    /// `DELETE /certificates/issuers/{issuer}`.
    DeleteIssuer,
    /// `GET /deletedcertificates`.
    ListDeletedCertificates,
    /// `GET /deletedcertificates/{name}`.
    GetDeletedCertificate,
    /// `POST /deletedcertificates/{name}/recover`.
    RecoverCertificate,
    /// `DELETE /deletedcertificates/{name}`.
    PurgeCertificate,
    /// `GET /secrets/{name}[/{version}]`: contains a certificate's chain.
    GetSecret,
    /// `PUT /secrets/{name}`.
    SetSecret,
    /// `GET /keys/{name}[/{version}]`: the public key.
    GetKey,
    /// `GET /healthstatus`.
    HealthStatus,
    /// `GET /tenants`.
    ListTenants,
    /// `GET /subscriptions`.
    ListSubscriptions,
    /// `GET /subscriptions/{id}`.
    GetSubscription,
    /// `GET /subscriptions/{id}/locations`.
    ListLocations,
    /// `GET /subscriptions/{id}/resourcegroups`.
    ListResourceGroups,
    /// `GET /subscriptions/{id}/resourcegroups/{group}`.
    GetResourceGroup,
    /// `GET /subscriptions/{id}/resources`, for vaults.
    ListResources,
    /// `GET …/providers/Microsoft.KeyVault/vaults`, of a subscription or a group.
    ListVaults,
    /// `GET …/vaults/{name}`.
    GetVault,
    /// `PUT …/vaults/{name}`.
    CreateVault,
    /// `PATCH …/vaults/{name}`.
    UpdateVault,
    /// `DELETE …/vaults/{name}`.
    DeleteVault,
    /// `GET …/deletedVaults`.
    ListDeletedVaults,
    /// `GET …/locations/{location}/deletedVaults/{name}`.
    GetDeletedVault,
    /// `POST …/locations/{location}/deletedVaults/{name}/purge`.
    PurgeVault,
    /// `GET …/locations/{location}/operationResults/{id}`: the progress of a purge.
    GetOperationResult,
    /// `PUT …/vaults/{name}/accessPolicies/{add|replace|remove}`.
    UpdateAccessPolicy,
    /// `GET …/managedHSMs` and `…/deletedManagedHSMs`, of a subscription: always empty.
    ListManagedHsms,
    /// `POST …/checkNameAvailability`.
    CheckNameAvailability,
    /// `POST /providers/Microsoft.ResourceGraph/resources`.
    QueryResources,
    /// `GET /metadata/endpoints` of Resource Manager.
    CloudMetadata,
    /// `POST /{tenant}/oauth2/v2.0/token`.
    Token,
    /// `GET /{tenant}/v2.0/.well-known/openid-configuration`.
    OpenIdConfiguration,
    /// `GET /common/discovery/instance`.
    InstanceDiscovery,
    /// `GET /metadata/identity/oauth2/token`, on a virtual machine.
    ImdsToken,
    /// `GET /metadata/identity/oauth2/token`, of Azure Arc's agent.
    ArcToken,
    /// `GET /msi/token`, in App Service.
    AppServiceToken,
    /// Any operation that the fake does not support.
    Unknown,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Operation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|operation| operation.name().eq_ignore_ascii_case(text));
        found.copied().ok_or_else(|| format!("{text:?} is not an operation of the fake"))
    }
}
