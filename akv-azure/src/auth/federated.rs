//! The token that a platform such as Kubernetes writes into a file so that its workloads can sign
//! in.

use std::fmt;
use std::path::{Path, PathBuf};

use akv_core::text;
use async_trait::async_trait;
use azure_core::http::ClientMethodOptions;
use azure_identity::ClientAssertion;
use zeroize::Zeroizing;

use crate::classify::TokenError;
use crate::files;

/// The federated token, as read when the file was opened: platforms replace it every hour.
pub(super) struct FederatedToken(Zeroizing<String>);

impl FederatedToken {
    /// Reads the file on a blocking thread, because it may be on a slow mount.
    pub(super) async fn open(file: PathBuf) -> Result<Self, TokenError> {
        let shown = file.display().to_string();
        let unusable = |problem: String| {
            TokenError::unusable(
                format!("the federated token in {shown} cannot be used: {problem}"),
                "check whether the platform writes the file (AZURE_FEDERATED_TOKEN_FILE)",
            )
        };
        let reading = tokio::task::spawn_blocking(move || open(&file)).await;
        let read = reading.map_err(|_| unusable("reading it was interrupted".to_owned()))?;
        read.map(Self).map_err(unusable)
    }
}

fn open(file: &Path) -> Result<Zeroizing<String>, String> {
    let text = text::decode(&files::read(file, LIMIT)?).map_err(|error| error.to_string())?;
    let token = text.trim();
    if token.is_empty() {
        return Err("the file is empty".to_owned());
    }
    if !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("its content is not a token".to_owned());
    }
    Ok(Zeroizing::new(token.to_owned()))
}

#[async_trait]
impl ClientAssertion for FederatedToken {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        Ok(self.0.to_string())
    }
}

impl fmt::Debug for FederatedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FederatedToken(…)")
    }
}

/// Such a token has a few kilobytes.
const LIMIT: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_trimmed_and_decoded_and_anything_else_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        let read = |content: &[u8]| {
            std::fs::write(&path, content).expect("written");
            open(&path).map(|token| token.to_string())
        };
        for content in
            [&b"a.b.c"[..], b"\xef\xbb\xbfa.b.c\r\n", b" \n a.b.c\n\n", b"\xff\xfea\0.\0b\0.\0c\0"]
        {
            assert_eq!(read(content).as_deref(), Ok("a.b.c"), "{content:?}");
        }
        for content in [&b""[..], b" \r\n", b"a.b.c d", b"a\nb", b"a\0b", b"\xe4", "ä".as_bytes()]
        {
            assert!(read(content).is_err(), "{content:?}");
        }
    }
}
