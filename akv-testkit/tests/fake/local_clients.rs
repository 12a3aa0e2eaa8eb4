//! The access of other local programs, and of web pages, to a running fake.

use std::sync::Arc;

use akv_testkit::{FakeCloud, TlsServer};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::tls::client;

#[tokio::test(flavor = "multi_thread")]
async fn the_control_endpoint_does_not_answer_web_pages() {
    let cloud = FakeCloud::builder().vault("contoso").start();
    let listen = "127.0.0.1:0".parse().expect("an address");
    let server = TlsServer::start(cloud.clone(), listen).await.expect("a server");
    let client = client(server.ca_pem(), server.address());
    let before = cloud.clock().now();
    for (header, value, is_taken) in [
        ("Origin", "https://evil.example", false),
        ("Origin", "null", false),
        ("Origin", "", false),
        ("Sec-Fetch-Site", "cross-site", false),
        ("Sec-Fetch-Site", "same-site", false),
        ("Sec-Fetch-Site", "Cross-Site", false),
        ("Sec-Fetch-Site", "none", true),
        ("Sec-Fetch-Site", "same-origin", true),
        ("Accept", "*/*", true),
    ] {
        let url = format!("{}/latency", server.control_url());
        let request = client.post(url).header(header, value).body(r#"{"milliseconds":0}"#);
        let status = request.send().await.expect("an answer").status();
        assert_eq!(status == 200, is_taken, "{header}: {value} {status}");
        if !is_taken {
            assert_eq!(status, 403);
            let url = format!("{}/clock", server.control_url());
            let turn = client.post(url).header(header, value).body(r#"{"advance_seconds":3600}"#);
            turn.send().await.expect("an answer");
        }
    }
    assert!(cloud.clock().now() - before < time::Duration::HOUR);
    server.stop().await;
}

/// Reads until the other side closes. The paused clock advances while all tasks are idle.
async fn is_closed(mut stream: impl AsyncRead + Unpin) -> bool {
    let mut last = Vec::new();
    let read = stream.read_to_end(&mut last);
    tokio::time::timeout(std::time::Duration::from_secs(60), read).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn silent_connection_is_closed() {
    let cloud = FakeCloud::builder().vault("contoso").start();
    let listen = "127.0.0.1:0".parse().expect("an address");
    let server = TlsServer::start(cloud, listen).await.expect("a server");
    let connect = || async { TcpStream::connect(server.address()).await.expect("a connection") };
    for said in
        [&b""[..], &[0x16], &[0x16, 3, 1], b"CONNECT contoso.vault.azure.net:443 HTTP/1.1\r\n"]
    {
        let mut stream = connect().await;
        stream.write_all(said).await.expect("some bytes");
        assert!(is_closed(stream).await, "{said:x?}");
    }
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(server.ca_pem().as_bytes()).expect("a root");
    roots.add(root).expect("a root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    for said in [&b""[..], b"GET / HTTP/1.1\r\nHost: local", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let name = ServerName::try_from("localhost").expect("a name");
        let mut stream = connector.connect(name, connect().await).await.expect("a handshake");
        stream.write_all(said).await.expect("some bytes");
        stream.flush().await.expect("some bytes");
        assert!(is_closed(stream).await, "{}", String::from_utf8_lossy(said));
    }
}
