//! The renewal settings of a certificate's policy (Key Vault data plane 7.4).

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct IssuancePolicy {
    issuer: Option<Issuer>,
    lifetime_actions: Option<Vec<LifetimeAction>>,
}

#[derive(Debug, Deserialize)]
struct Issuer {
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct LifetimeAction {
    action: Option<Action>,
}

#[derive(Debug, Deserialize)]
struct Action {
    action_type: Option<String>,
}

impl IssuancePolicy {
    /// Whether the vault renews the certificate and has an issuer for it: with an unknown issuer it
    /// can only create a request.
    pub(crate) fn renews_itself(&self) -> bool {
        let issuer = self.issuer.as_ref().and_then(|issuer| issuer.name.as_deref());
        let is_known = issuer.is_some_and(|name| !name.eq_ignore_ascii_case("Unknown"));
        let renews = |one: &LifetimeAction| {
            let kind = one.action.as_ref().and_then(|action| action.action_type.as_deref());
            kind.is_some_and(|kind| kind.eq_ignore_ascii_case("AutoRenew"))
        };
        is_known && self.lifetime_actions.iter().flatten().any(renews)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renews_with_an_issuer_and_an_action() {
        let policy = |issuer: &str, action: &str| -> bool {
            let text = format!(
                r#"{{"issuer":{{"name":"{issuer}"}},"lifetime_actions":[{{"trigger":{{}},"action":{{"action_type":"{action}"}}}}]}}"#
            );
            serde_json::from_str::<IssuancePolicy>(&text).expect("a policy").renews_itself()
        };
        assert!(policy("Self", "AutoRenew") && policy("digicert", "autorenew"));
        assert!(!policy("Unknown", "AutoRenew") && !policy("Self", "EmailContacts"));
        let empty: IssuancePolicy = serde_json::from_str("{}").expect("a policy");
        assert!(!empty.renews_itself());
    }
}
