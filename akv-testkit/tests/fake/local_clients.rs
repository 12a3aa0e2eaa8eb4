//! What web pages may do to a running fake.

use akv_testkit::{FakeCloud, TlsServer};

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
