//! The files for other programs: the CA certificate, the cloud, the environment.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use akv_testkit::{FakeCloud, TlsServer, create_for_owner};

/// Writes `ca.pem`, `cloud.json`, `env.ps1` and `env.sh`.
pub(crate) fn write(
    dir: &Path,
    cloud: &FakeCloud,
    server: &TlsServer,
    vault: &str,
) -> io::Result<()> {
    let made = fs::create_dir_all(dir).and_then(|()| std::path::absolute(dir));
    let dir = made.map_err(|error| about("make the folder", dir, &error))?;
    let ca = dir.join("ca.pem");
    write_public(&ca, server.ca_pem())?;
    let mut description = server.cloud();
    description.ca_file = Some(ca.clone());
    let description = serde_json::to_string_pretty(&description).map_err(io::Error::other)?;
    write_public(&dir.join("cloud.json"), &(description + "\n"))?;
    let variables = environment(cloud, server, vault, &ca);
    write_secret(&dir.join("env.ps1"), &for_powershell(&variables))?;
    // Written last: scripts wait for this file.
    write_secret(&dir.join("env.sh"), &for_sh(&variables))
}

/// Reads a file; the error names it.
pub(crate) fn read(file: &Path) -> io::Result<String> {
    fs::read_to_string(file).map_err(|error| about("read", file, &error))
}

/// Checks early whether [`write_secret`] will succeed.
pub(crate) fn check_writable(file: &Path) -> io::Result<()> {
    if file.is_dir() {
        return Err(about("write", file, &io::ErrorKind::IsADirectory.into()));
    }
    let unfinished = unfinished(file);
    let opened = create(&unfinished, Readers::Owner);
    opened.and_then(|_| fs::remove_file(&unfinished)).map_err(|error| about("write", file, &error))
}

/// A unique name beside the file.
fn unfinished(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".unfinished");
    name.into()
}

fn about(action: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot {action} {}: {error}", path.display()))
}

/// The permissions of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readers {
    Everybody,
    Owner,
}

/// Writes a file; the error names it.
fn write_public(file: &Path, text: &str) -> io::Result<()> {
    write_whole(file, text, Readers::Everybody)
}

/// Writes a file that only its owner can read; the error names it.
pub(crate) fn write_secret(file: &Path, text: &str) -> io::Result<()> {
    write_whole(file, text, Readers::Owner)
}

/// Writes the file atomically, for programs that wait for it and for a second signal. A link in its
/// place is replaced, not followed.
fn write_whole(file: &Path, text: &str, readers: Readers) -> io::Result<()> {
    use std::io::Write as _;
    let unfinished = unfinished(file);
    let written = create(&unfinished, readers).and_then(|mut to| to.write_all(text.as_bytes()));
    let renamed = written.and_then(|()| fs::rename(&unfinished, file));
    renamed.map_err(|error| about("write", file, &error))
}

/// Creates a new file. An existing one may be open to other users, or lead elsewhere.
fn create(file: &Path, readers: Readers) -> io::Result<fs::File> {
    let _ = fs::remove_file(file);
    match readers {
        Readers::Everybody => fs::File::create_new(file),
        Readers::Owner => create_for_owner(file),
    }
}

type Variables = [(&'static str, String); 14];

fn environment(cloud: &FakeCloud, server: &TlsServer, vault: &str, ca: &Path) -> Variables {
    let ca = ca.display().to_string();
    [
        ("AZURE_TENANT_ID", cloud.tenant_id()),
        ("AZURE_CLIENT_ID", cloud.client_id()),
        ("AZURE_CLIENT_SECRET", cloud.client_secret()),
        ("AZURE_SUBSCRIPTION_ID", cloud.subscription_id()),
        ("AZURE_AUTHORITY_HOST", server.authority()),
        ("AKV_FAKE_RESOURCE_GROUP", cloud.resource_group()),
        ("AKV_FAKE_RESOURCE_MANAGER_URL", server.resource_manager()),
        ("AKV_FAKE_VAULT_URL", server.vault_url(vault)),
        ("AKV_FAKE_CONTROL_URL", server.control_url()),
        ("AKV_FAKE_PROXY_URL", server.proxy_url()),
        ("SSL_CERT_FILE", ca.clone()),
        ("REQUESTS_CA_BUNDLE", ca.clone()),
        ("NODE_EXTRA_CA_CERTS", ca.clone()),
        ("CURL_CA_BUNDLE", ca),
    ]
}

fn for_sh(variables: &Variables) -> String {
    variables.iter().fold(String::new(), |text, (name, value)| {
        let quoted = value.replace('\'', r"'\''");
        text + &format!("export {name}='{quoted}'\n")
    })
}

/// With a byte order mark; without it, Windows PowerShell assumes another encoding.
fn for_powershell(variables: &Variables) -> String {
    variables.iter().fold("\u{feff}".to_owned(), |text, (name, value)| {
        let quoted = value.replace('\'', "''");
        text + &format!("$env:{name} = '{quoted}'\r\n")
    })
}
