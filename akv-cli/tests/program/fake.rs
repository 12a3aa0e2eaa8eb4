//! A fake Azure over TLS for the program under test.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use akv_testkit::{FakeCloud, FakeCloudBuilder, Request, TlsServer};

use serde_json::Value;

use super::{Akv, akv};

/// A fake cloud, served until it is dropped.
pub(crate) struct Fake {
    pub(crate) cloud: FakeCloud,
    dir: tempfile::TempDir,
    /// Both serve until they are dropped.
    serving: (TlsServer, tokio::runtime::Runtime),
}

impl Fake {
    pub(crate) fn new(builder: FakeCloudBuilder) -> Self {
        let cloud = builder.start();
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = runtime.block_on(TlsServer::start(cloud.clone(), listen)).expect("a server");
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("ca.pem"), server.ca_pem()).expect("written");
        let mut description = server.cloud();
        description.ca_file = Some(PathBuf::from("ca.pem"));
        let description = serde_json::to_string(&description).expect("JSON");
        std::fs::write(dir.path().join("cloud.json"), description).expect("written");
        Self { cloud, dir, serving: (server, runtime) }
    }

    /// With one vault, `contoso`.
    pub(crate) fn with_vault() -> Self {
        Self::new(FakeCloud::builder().vault("contoso"))
    }

    /// The program with this cloud, as the service principal.
    pub(crate) fn akv(&self) -> Akv {
        akv()
            .args(["--cloud-file".into(), self.path("cloud.json")])
            .env("AZURE_TENANT_ID", &self.cloud.tenant_id())
            .env("AZURE_CLIENT_ID", &self.cloud.client_id())
            .env("AZURE_CLIENT_SECRET", &self.cloud.client_secret())
    }

    /// The program without a credential, with the public names of this cloud: through a proxy, with
    /// this cloud's CA.
    pub(crate) fn proxied(&self) -> Akv {
        akv()
            .args(["--ca-file".into(), self.path("ca.pem")])
            .env("HTTPS_PROXY", &self.proxy_url())
            .env("AZURE_TENANT_ID", &self.cloud.tenant_id())
            .env("AZURE_CLIENT_ID", &self.cloud.client_id())
    }

    pub(crate) fn proxy_url(&self) -> String {
        self.serving.0.proxy_url()
    }

    /// Calls Resource Manager about a vault without `akv`, as an administrator would.
    pub(crate) fn administer(&self, method: &str, vault: &str) -> Value {
        let token = format!("Bearer {}", self.cloud.token("https://management.azure.com"));
        let url = format!(
            "https://management.azure.com/subscriptions/{}/resourceGroups/{}/providers\
             /Microsoft.KeyVault/vaults/{vault}?api-version=2026-02-01",
            self.cloud.subscription_id(),
            self.cloud.resource_group()
        );
        let request = Request::new(method, &url.parse().expect("a URL"));
        self.cloud.handle(&request.header("Authorization", &token)).body_json()
    }

    /// A folder with a program `az` that is signed in as the service principal and returns a token
    /// only for that audience.
    #[cfg(unix)]
    pub(crate) fn azure_cli(&self, audience: &str) -> String {
        use std::os::unix::fs::PermissionsExt;
        let (scope, token) = (format!("{audience}/.default"), self.cloud.token(audience));
        let script = format!(
            r#"#!/bin/sh
case "$*" in
*' {scope}'*) echo '{{"accessToken":"{token}","expires_on":4102444800,"tokenType":"Bearer"}}' ;;
*) echo "ERROR: no token: $*" >&2; exit 1 ;;
esac
"#
        );
        let program = self.file("az", script);
        let runs = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(program, runs).expect("a program");
        format!("{}:{}", self.dir.path().display(), std::env::var("PATH").expect("PATH"))
    }

    /// The values that App Service sets in `IDENTITY_ENDPOINT` and `IDENTITY_HEADER`.
    pub(crate) fn app_service(&self) -> (String, String) {
        let (endpoint, header) = self.cloud.app_service();
        let path = endpoint.splitn(4, '/').nth(3).expect("a path").to_owned();
        let control = self.serving.0.control_url();
        (format!("{}/{path}", control.replace("localhost", "imds.localhost")), header)
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.dir.path().join(file)
    }

    /// Writes a file and returns its path.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).expect("written");
        path.to_string_lossy().into_owned()
    }
}
