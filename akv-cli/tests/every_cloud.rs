//! The built-in clouds at their real names, through a proxy that reaches only the fake: every job
//! stays in its cloud.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a missing prerequisite fails the test"
)]

mod program;

use std::collections::BTreeSet;

use akv_core::Bundle;
use akv_testkit::pki::openssl_pfx;
use akv_testkit::{FakeCloud, Operation};
use program::fake::Fake;
use program::{Akv, Run};
use serde_json::{Value, json};
use time::OffsetDateTime;

/// The host names of a cloud, as in a firewall rule.
struct World {
    name: &'static str,
    authority: &'static str,
    resource_manager: &'static str,
    vaults: &'static str,
}

const WORLDS: [World; 3] = [
    World {
        name: "public",
        authority: "login.microsoftonline.com",
        resource_manager: "management.azure.com",
        vaults: "vault.azure.net",
    },
    World {
        name: "government",
        authority: "login.microsoftonline.us",
        resource_manager: "management.usgovcloudapi.net",
        vaults: "vault.usgovcloudapi.net",
    },
    World {
        name: "china",
        authority: "login.chinacloudapi.cn",
        resource_manager: "management.chinacloudapi.cn",
        vaults: "vault.azure.cn",
    },
];

impl World {
    fn akv(&self, fake: &Fake) -> Akv {
        fake.proxied()
            .env("AZURE_CLIENT_SECRET", &fake.cloud.client_secret())
            .args(["--cloud", self.name])
    }

    fn vault(&self, name: &str) -> String {
        format!("{name}.{}", self.vaults)
    }

    /// Only the authority, Resource Manager and `also` received requests.
    fn was_asked_alone(&self, fake: &Fake, also: &[&str]) {
        let entries = fake.cloud.journal().entries();
        let hosts: BTreeSet<_> = entries.iter().map(|entry| entry.host.clone()).collect();
        let known = [self.authority, self.resource_manager].into_iter().chain(also.iter().copied());
        assert_eq!(hosts, known.map(str::to_owned).collect(), "{}", self.name);
    }
}

fn ends_well(run: &Run) {
    assert_eq!(run.code, 0, "{}", run.both());
}

#[test]
fn every_command_stays_in_its_cloud() {
    let fixture = openssl_pfx("web-v1").expect("a fixture");
    for world in WORLDS {
        let fake = Fake::new(FakeCloud::builder());
        let (subscription, group) = (fake.cloud.subscription_id(), fake.cloud.resource_group());
        let store = format!("{subscription}:{group}:contoso");
        let pfx = fake.file("web.pfx", fixture.pfx);
        let add = || {
            let add = ["add", &store, "--alias", "web", "--pfx", &pfx, "--password-stdin"];
            world.akv(&fake).args(add).stdin(fixture.password).run()
        };

        ends_well(&world.akv(&fake).args(["create", &store]).run());
        let found = world.akv(&fake).arg("discover").run();
        assert_eq!((found.code, found.stdout.trim()), (0, store.as_str()), "{}", found.both());
        ends_well(&add());
        let listed = world.akv(&fake).args(["inventory", &store, "--chain", "-o", "jsonl"]).run();
        assert_eq!((listed.code, listed.stdout.lines().count()), (0, 1), "{}", listed.both());
        ends_well(&world.akv(&fake).args(["remove", &store, "--alias", "web"]).run());
        let again = add();
        ends_well(&again);
        assert!(again.stdout.contains("was soft-deleted and was recovered"), "{}", again.stdout);
        world.was_asked_alone(&fake, &[&world.vault("contoso")]);
    }
}

#[test]
fn every_keyfactor_job_stays_in_the_stores_cloud() {
    let fixture = openssl_pfx("web-v1").expect("a fixture");
    for world in WORLDS {
        let fake = Fake::new(FakeCloud::builder());
        let (subscription, group) = (fake.cloud.subscription_id(), fake.cloud.resource_group());
        let store = format!("{subscription}:{group}:contoso");
        let properties = json!({ "AzureCloud": world.name }).to_string();
        let details = json!({
            "ClientMachine": fake.cloud.tenant_id(),
            "StorePath": store,
            "Properties": properties,
        });
        let run = |capability: &str, more: Value| {
            let mut job = json!({
                "Capability": format!("CertStores.AKV.{capability}"),
                "JobHistoryId": 42,
                "ServerUsername": fake.cloud.client_id(),
                "ServerPassword": fake.cloud.client_secret(),
                "CertificateStoreDetails": details,
            });
            let job = job.as_object_mut().expect("an object");
            job.extend(more.as_object().expect("an object").clone());
            let run = fake.proxied().arg("job").stdin(serde_json::to_vec(job).expect("JSON")).run();
            ends_well(&run);
            serde_json::from_str::<Value>(&run.stdout).expect("JSON")
        };

        run("Management", json!({ "OperationType": 4 }));
        let certificate = json!({
            "Alias": "web",
            "Contents": base64(fixture.pfx),
            "PrivateKeyPassword": fixture.password,
        });
        run("Management", json!({ "OperationType": 2, "JobCertificate": certificate }));
        let inventory = run("Inventory", json!({}));
        assert_eq!(inventory["Inventory"][0]["Alias"], "web");
        let certificate = json!({ "Alias": "web" });
        run("Management", json!({ "OperationType": 3, "JobCertificate": certificate }));
        world.was_asked_alone(&fake, &[&world.vault("contoso")]);
    }
}

#[test]
fn every_identity_signs_in_to_its_cloud() {
    for world in WORLDS {
        let fake = Fake::with_vault();
        let inventory = || {
            let args = ["--cloud", world.name, "inventory", "contoso"];
            fake.proxied().args(args)
        };
        #[cfg(unix)]
        {
            let path = fake.azure_cli(&format!("https://{}", world.vaults));
            ends_well(&inventory().env("PATH", &path).args(["--identity", "azure-cli"]).run());
        }
        let fixture = openssl_pfx("web-v1").expect("a fixture");
        let bundle =
            Bundle::from_pfx(fixture.pfx, &fixture.password.into(), OffsetDateTime::now_utc())
                .expect("a bundle");
        fake.cloud.add_client_certificate(bundle.leaf().der()).expect("a client certificate");
        let certified = inventory()
            .env("AZURE_CLIENT_CERTIFICATE_PATH", &fake.file("client.pfx", fixture.pfx))
            .env("AZURE_CLIENT_CERTIFICATE_PASSWORD", fixture.password);
        ends_well(&certified.run());
        let token = fake.file("token", fake.cloud.federated_assertion());
        ends_well(&inventory().env("AZURE_FEDERATED_TOKEN_FILE", &token).run());
        let (endpoint, header) = fake.app_service();
        let managed = inventory().env("IDENTITY_ENDPOINT", &endpoint);
        let managed = managed.env("AZURE_CLIENT_ID", "").env("IDENTITY_HEADER", &header);
        ends_well(&managed.args(["--identity", "managed"]).run());
        let entries = fake.cloud.journal().entries();
        let hosts: BTreeSet<_> = entries.iter().map(|entry| entry.host.as_str()).collect();
        let vault = world.vault("contoso");
        assert_eq!(hosts, [world.authority, "imds.localhost", &vault].into());
    }
}

#[test]
fn cloud_loaded_from_resource_manager_is_equal() {
    for world in WORLDS {
        let fake = Fake::with_vault();
        let akv = || {
            fake.proxied().env("AZURE_CLIENT_SECRET", &fake.cloud.client_secret()).args([
                "--resource-manager".to_owned(),
                format!("https://{}", world.resource_manager),
            ])
        };
        ends_well(&akv().args(["inventory", "contoso"]).run());
        ends_well(&akv().arg("discover").run());
        world.was_asked_alone(&fake, &[&world.vault("contoso")]);
        fake.cloud.journal().clear();
        ends_well(&akv().args(["inventory", "contoso", "CONTOSO"]).run());
        let asked = fake.cloud.journal().count(Operation::CloudMetadata);
        assert_eq!(asked, 1, "once for all stores");
    }
}

#[test]
fn private_vaults_are_contacted_at_the_endpoint_only() {
    let fake = Fake::new(FakeCloud::builder().vault("contoso").vault_suffix("vaults.internal"));
    fake.cloud.vault("contoso").seed(30);
    for endpoint in
        ["vaults.internal", "contoso.vaults.internal", "https://contoso.vaults.internal:443/"]
    {
        fake.cloud.journal().clear();
        let akv = fake.proxied().env("AZURE_CLIENT_SECRET", &fake.cloud.client_secret());
        ends_well(&akv.args(["inventory", "contoso", "--private-endpoint", endpoint]).run());
        let entries = fake.cloud.journal().entries();
        let hosts: BTreeSet<_> = entries.iter().map(|entry| entry.host.as_str()).collect();
        assert_eq!(hosts, ["login.microsoftonline.com", "contoso.vaults.internal"].into());
    }
}

#[test]
fn proxy_404_is_not_an_empty_vault() {
    let fake = Fake::with_vault();
    let akv = fake.proxied().env("AZURE_CLIENT_SECRET", &fake.cloud.client_secret());
    let run = akv.args(["inventory", "nobody", "--deadline", "1"]).run();
    assert_eq!((run.code, run.stdout.as_str()), (4, ""), "{}", run.stderr);
    for part in
        ["the proxy rejected the connection to nobody.vault.azure.net", "check the vault name"]
    {
        assert!(run.stderr.contains(part), "{}", run.stderr);
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
