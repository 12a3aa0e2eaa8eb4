//! The settings of a vault (Resource Manager, Microsoft.KeyVault 2026-02-01).

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct SetVault {
    properties: Settings,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    enable_purge_protection: Option<bool>,
    public_network_access: Option<String>,
    network_acls: Option<NetworkRules>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NetworkRules {
    default_action: Option<String>,
}

impl SetVault {
    /// The service leaves it out where it is off.
    pub(crate) fn is_purge_protected(&self) -> bool {
        self.properties.enable_purge_protection == Some(true)
    }

    /// Public access is the default, and rules can narrow it.
    pub(crate) fn is_open_to_every_network(&self) -> bool {
        let Settings { public_network_access, network_acls, .. } = &self.properties;
        let is =
            |text: Option<&str>, value: &str| text.is_none_or(|it| it.eq_ignore_ascii_case(value));
        let rules = network_acls.as_ref().and_then(|rules| rules.default_action.as_deref());
        is(public_network_access.as_deref(), "Enabled") && is(rules, "Allow")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_are_left_out_have_their_defaults() {
        for (properties, protected, open) in [
            ("{}", false, true),
            (r#"{"enablePurgeProtection":null,"publicNetworkAccess":null}"#, false, true),
            (r#"{"enablePurgeProtection":true,"publicNetworkAccess":"enabled"}"#, true, true),
            (r#"{"publicNetworkAccess":"Disabled"}"#, false, false),
            (r#"{"publicNetworkAccess":"SecuredByPerimeter"}"#, false, false),
            (r#"{"networkAcls":{"defaultAction":"Deny"}}"#, false, false),
            (r#"{"networkAcls":{"defaultAction":"Allow"}}"#, false, true),
        ] {
            let vault: SetVault =
                serde_json::from_str(&format!(r#"{{"properties":{properties}}}"#))
                    .expect("a vault");
            let found = (vault.is_purge_protected(), vault.is_open_to_every_network());
            assert_eq!(found, (protected, open), "{properties}");
        }
    }
}
