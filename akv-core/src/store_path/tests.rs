use proptest::prelude::*;

use super::*;

const SUB: &str = "11111111-2222-3333-4444-555555555555";

#[test]
fn reads_every_spelling() {
    for (text, shown) in [
        (format!("{SUB}:rg:contoso"), format!("{SUB}:rg:contoso")),
        (format!("  {SUB}: rg :contoso\n"), format!("{SUB}:rg:contoso")),
        (format!("{SUB}:contoso"), format!("{SUB}:contoso")),
        (
            format!(
                "subscriptions/{SUB}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/contoso"
            ),
            format!("{SUB}:rg:contoso"),
        ),
        (
            format!(
                "/Subscriptions/{SUB}/RESOURCEGROUPS/rg/providers/MICROSOFT.KEYVAULT/VAULTS/contoso/"
            ),
            format!("{SUB}:rg:contoso"),
        ),
        ("HTTPS://Contoso.Vault.Azure.Net:443/".into(), "https://contoso.vault.azure.net/".into()),
        (
            "https://contoso.vault.localhost:8443".into(),
            "https://contoso.vault.localhost:8443/".into(),
        ),
        ("contoso".into(), "contoso".into()),
    ] {
        assert_eq!(text.parse::<StorePath>().expect(&text).to_string(), shown);
    }
}

#[test]
fn takes_hosts_without_scheme_and_addresses_of_the_portal() {
    let id = format!(
        "/subscriptions/{SUB}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/contoso"
    );
    let encoded = id.replace('/', "%2F");
    let full = format!("{SUB}:rg:contoso");
    for (text, shown) in [
        ("contoso.vault.azure.net", "https://contoso.vault.azure.net/"),
        ("Contoso.Vault.Azure.Net/", "https://contoso.vault.azure.net/"),
        ("contoso.vault.azure.net:443", "https://contoso.vault.azure.net/"),
        ("contoso.vault.azure.net/certificates/web/", "https://contoso.vault.azure.net/"),
        ("contoso.vault.usgovcloudapi.net", "https://contoso.vault.usgovcloudapi.net/"),
        ("contoso.vault.localhost:8443", "https://contoso.vault.localhost:8443/"),
        (&format!("https://portal.azure.com/#@contoso.com/resource{id}/overview"), &full),
        (&format!("https://portal.azure.com/#@contoso.com/resource{id}"), &full),
        (&format!("https://ms.portal.azure.com/#@contoso.com/resource{id}"), &full),
        (
            "https://portal.azure.com/#@t/asset/Microsoft_Azure_KeyVault/Certificate/\
             https://contoso.vault.azure.net/certificates/web",
            "https://contoso.vault.azure.net/",
        ),
        (&format!("https://portal.azure.us/#resource{id}/certificates?x=y"), &full),
        (&format!("portal.azure.com/#@contoso.com/resource{id}/keys"), &full),
        (&format!("https://portal.azure.cn/#view/Blade/~/overview/id/{encoded}"), &full),
        (&format!("https://PORTAL.azure.com/?feature=x#@t/resource{id}/secrets"), &full),
    ] {
        let path = text.parse::<StorePath>();
        assert_eq!(path.as_ref().map(ToString::to_string).as_deref(), Ok(shown), "{text}");
    }
}

#[test]
fn names_the_fault_and_the_format_of_a_store_path() {
    let hsm_id = format!(
        "/subscriptions/{SUB}/resourceGroups/rg/providers/Microsoft.KeyVault/managedHSMs/hsm"
    );
    let usual = "https://contoso.vault.azure.net/";
    for (text, words) in [
        ("https://myhsm.managedhsm.azure.net/", "a managed HSM holds keys and no certificates"),
        ("myhsm.managedhsm.azure.net", "a managed HSM holds keys and no certificates"),
        ("https://myhsm.managedhsm.usgovcloudapi.net/keys/x", "a managed HSM"),
        ("https://myhsm.privatelink.managedhsm.azure.net/", "a managed HSM"),
        (&hsm_id, "a managed HSM"),
        (&format!("https://portal.azure.com/#@t/resource{hsm_id}/overview"), "a managed HSM"),
        ("https://ms.portal.azure.com/", "the portal without a vault's resource id"),
        ("https://portal.azure.com/", "the portal without a vault's resource id"),
        ("https://portal.azure.com/#home", "the portal without a vault's resource id"),
        ("https://contoso.privatelink.vaultcore.azure.net/", usual),
        ("contoso.privatelink.vaultcore.azure.net", usual),
        ("Contoso.PrivateLink.VaultCore.Azure.Net:443", usual),
        ("https://contoso.privatelink.vault.azure.net", usual),
        ("https://contoso.privatelink.vaultcore.azure.cn/", "https://contoso.vault.azure.cn/"),
        (
            "https://contoso.privatelink.vaultcore.usgovcloudapi.net/",
            "https://contoso.vault.usgovcloudapi.net/",
        ),
    ] {
        let error = text.parse::<StorePath>().expect_err(text).to_string();
        assert!(error.contains(words), "{text}: {error}");
        assert!(!error.contains("https://myhsm.vault"), "{error}");
    }
}

#[test]
fn rejects_ambiguous_text() {
    for text in [
        "",
        "  ",
        "a:b:c:d",
        "not-a-guid:rg:contoso",
        &format!("{SUB}:rg:"),
        &format!("{SUB}::contoso"),
        &format!("{SUB}:rg.:contoso"),
        "http://contoso.vault.azure.net/",
        "https://user@contoso.vault.azure.net/",
        "https://contoso/",
        "/subscriptions/x/resourceGroups/rg/providers/Microsoft.Web/sites/contoso",
        "ab",
        "contoso--x",
        "1contoso",
        "contoso-",
    ] {
        assert!(text.parse::<StorePath>().is_err(), "{text:?} was taken");
    }
}

#[test]
fn error_has_the_read_and_the_expected_value() {
    let error = "one:two:three:four".parse::<StorePath>().expect_err("four parts");
    let text = error.to_string();
    assert!(
        text.contains("one:two:three:four") && text.contains("subscription:resource-group:vault")
    );
}

#[test]
fn an_override_of_the_vault_drops_the_host_of_the_other() {
    let path: StorePath = "https://contoso.vault.azure.net/".parse().expect("a path");
    let same = path.clone().with_overrides(None, None, "Contoso".parse().ok());
    assert_eq!(same.host(), path.host());
    let other = path.with_overrides(None, None, "fabrikam".parse().ok());
    assert_eq!((other.vault().as_str(), other.host()), ("fabrikam", None));
}

proptest! {
    #[test]
    fn never_panics_and_round_trips(text in "\\PC{0,80}") {
        if let Ok(path) = text.parse::<StorePath>() {
            prop_assert_eq!(path.to_string().parse::<StorePath>().expect("its own form"), path);
        }
    }
}
