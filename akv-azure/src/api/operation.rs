//! The operations of Azure's interfaces, and the permission that each one requires.

/// An operation of Azure that this crate uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ApiOperation {
    ListCertificates,
    ListDeletedCertificates,
    ListVersions,
    GetCertificate,
    GetSecret,
    GetDeletedCertificate,
    ImportCertificate,
    /// Also the merge that completes it.
    CreateCertificate,
    ForgetRequest,
    UpdateCertificate,
    DeleteCertificate,
    RecoverCertificate,
    PurgeCertificate,
    ListSubscriptions,
    GetSubscription,
    ListRegions,
    ListVaults,
    QueryVaults,
    GetVault,
    GetResourceGroup,
    CreateVault,
    GetDeletedVault,
    CheckHealth,
    ReadCloudMetadata,
}

/// The service that answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    KeyVault,
    ResourceManager,
}

/// The permission that an operation requires.
pub(crate) struct Needs {
    /// The Azure RBAC action.
    pub(crate) action: &'static str,
    /// The access-policy permission; `None` in the control plane.
    pub(crate) permission: Option<&'static str>,
    /// The narrowest built-in role that grants it.
    pub(crate) role: &'static str,
}

impl ApiOperation {
    pub(crate) fn service(self) -> Service {
        match self {
            Self::ListSubscriptions
            | Self::GetSubscription
            | Self::ListRegions
            | Self::ListVaults
            | Self::QueryVaults
            | Self::GetVault
            | Self::GetResourceGroup
            | Self::CreateVault
            | Self::GetDeletedVault
            | Self::ReadCloudMetadata => Service::ResourceManager,
            _ => Service::KeyVault,
        }
    }

    /// Whether it changes anything. Such a request is not aborted once it is under way.
    pub(crate) fn changes(self) -> bool {
        matches!(
            self,
            Self::ImportCertificate
                | Self::CreateCertificate
                | Self::ForgetRequest
                | Self::UpdateCertificate
                | Self::DeleteCertificate
                | Self::RecoverCertificate
                | Self::PurgeCertificate
                | Self::CreateVault
        )
    }

    /// Whether this status is a success. A read accepts neither partial content (206) nor an answer
    /// that a proxy modified (203).
    pub(crate) fn accepts(self, status: u16) -> bool {
        if self.changes() { matches!(status, 200 | 201 | 202 | 204) } else { status == 200 }
    }

    /// Whether the request is idempotent, so that a retry is safe when the outcome is unknown. A
    /// second import would create a second version, the service would reject a second delete or
    /// recovery, and a second creation would reset a vault's settings.
    pub(crate) fn repeats_freely(self) -> bool {
        !self.changes() || self == Self::UpdateCertificate
    }

    /// Whether the request or the answer contains a certificate's private key.
    pub(crate) fn carries_a_key(self) -> bool {
        matches!(self, Self::ImportCertificate | Self::GetSecret)
    }

    /// Actions, permissions and roles as in Azure's "Azure RBAC built-in roles", "resource provider
    /// operations" and "certificate access control".
    pub(crate) fn needs(self) -> Needs {
        const OFFICER: &str = "Key Vault Certificates Officer";
        let vault = |action, permission, role| Needs { action, permission: Some(permission), role };
        let control = |action, role| Needs { action, permission: None, role };
        match self {
            Self::ListCertificates | Self::ListDeletedCertificates | Self::ListVersions => vault(
                "Microsoft.KeyVault/vaults/certificates/read",
                "certificates/list",
                "Key Vault Reader",
            ),
            Self::GetCertificate | Self::GetDeletedCertificate => vault(
                "Microsoft.KeyVault/vaults/certificates/read",
                "certificates/get",
                "Key Vault Reader",
            ),
            Self::GetSecret => vault(
                "Microsoft.KeyVault/vaults/secrets/getSecret/action",
                "secrets/get",
                "Key Vault Certificate User",
            ),
            Self::ImportCertificate => vault(
                "Microsoft.KeyVault/vaults/certificates/import/action",
                "certificates/import",
                OFFICER,
            ),
            Self::CreateCertificate => vault(
                "Microsoft.KeyVault/vaults/certificates/create/action",
                "certificates/create",
                OFFICER,
            ),
            Self::ForgetRequest | Self::UpdateCertificate => vault(
                "Microsoft.KeyVault/vaults/certificates/update/action",
                "certificates/update",
                OFFICER,
            ),
            Self::DeleteCertificate => vault(
                "Microsoft.KeyVault/vaults/certificates/delete",
                "certificates/delete",
                OFFICER,
            ),
            Self::RecoverCertificate => vault(
                "Microsoft.KeyVault/vaults/certificates/recover/action",
                "certificates/recover",
                OFFICER,
            ),
            Self::PurgeCertificate => vault(
                "Microsoft.KeyVault/vaults/certificates/purge/action",
                "certificates/purge",
                OFFICER,
            ),
            Self::ListSubscriptions | Self::GetSubscription => {
                control("Microsoft.Resources/subscriptions/read", "Reader")
            }
            Self::ListRegions => {
                control("Microsoft.Resources/subscriptions/locations/read", "Reader")
            }
            Self::ListVaults | Self::QueryVaults | Self::GetVault => {
                control("Microsoft.KeyVault/vaults/read", "Reader")
            }
            Self::GetResourceGroup => {
                control("Microsoft.Resources/subscriptions/resourceGroups/read", "Reader")
            }
            Self::CreateVault => {
                control("Microsoft.KeyVault/vaults/write", "Key Vault Contributor")
            }
            Self::GetDeletedVault => {
                control("Microsoft.KeyVault/locations/deletedVaults/read", "Reader")
            }
            Self::CheckHealth | Self::ReadCloudMetadata => control("no permission", "none"),
        }
    }
}
