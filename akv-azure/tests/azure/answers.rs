//! Successful answers about another object: none of them is believed.

use akv_azure::{Azure, AzureOptions};
use akv_core::{CertificateStore, Cloud, ErrorKind, ListOptions};
use akv_testkit::{Fault, Operation};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::echo::Echo;
use crate::world::{World, importing, name};

const VERSION: &str = "0123456789abcdef0123456789abcdef";

fn bundle(name: &str, der: &[u8], x5t: &[u8]) -> Value {
    json!({
        "id": format!("https://contoso.vault.azure.net/certificates/{name}/{VERSION}"),
        "x5t": URL_SAFE_NO_PAD.encode(x5t),
        "cer": STANDARD.encode(der),
    })
}

#[tokio::test(start_paused = true)]
async fn an_import_answered_about_something_else_is_looked_up() {
    let world = World::new();
    let (ours, other) = (world.leaf("www.contoso.com"), world.leaf("other.contoso.com"));
    let thumbprint = |leaf: &akv_testkit::pki::Leaf| *leaf.thumbprint().as_bytes();
    let (our, their) = (thumbprint(&ours), thumbprint(&other));
    for (about, lie) in [
        ("another certificate", bundle("web", other.der(), &their)),
        ("another name", bundle("web-2", ours.der(), &our)),
        ("thumbprint differs without a certificate", bundle("web", &[], &their)),
        ("neither certificate nor thumbprint", bundle("web", &[], &[])),
        ("thumbprint differs than the certificate's", bundle("web", ours.der(), &their)),
        ("no certificate", bundle("web", b"no certificate", &our)),
        ("no version", json!({"id": "https://contoso.vault.azure.net/certificates/web"})),
    ] {
        // Nothing was imported.
        let body = lie.to_string();
        let fault = Fault::on(Operation::ImportCertificate).body(200, "application/json", &body);
        let world = World::new();
        world.cloud.fault(fault);
        let error = world.store().import(&importing("web", &ours)).await.expect_err(about);
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{about}: {error}");
        assert!(error.to_string().contains("cannot tell"), "{about}: {error}");
        assert_eq!(world.cloud.vault("contoso").versions("web").len(), 0, "{about}");
        assert_eq!(world.cloud.journal().count(Operation::ImportCertificate), 1, "{about}");

        // It was imported, and the answer was changed in transit.
        let world = World::new();
        let cloud = world.cloud.clone();
        let import = importing("web", &ours);
        let pfx = ours.pfx();
        let echo = Echo::new(world.cloud.transport(), move |seen| {
            let is_import = seen.path.ends_with("/certificates/web/import");
            is_import.then(|| {
                cloud.vault("contoso").import("web", &pfx, Some("")).expect("imported");
                (200, vec![], body.clone())
            })
        });
        let options = AzureOptions::default().with_transport(echo);
        let azure = Azure::new(options).expect("options");
        let address = world.address("contoso", Cloud::public());
        let store = azure.store(&address, world.credential()).expect("a store");
        let made = store.import(&import).await.unwrap_or_else(|error| panic!("{about}: {error}"));
        assert_eq!(made.thumbprint, Some(ours.thumbprint()), "{about}");
        assert_eq!(world.cloud.vault("contoso").versions("web").len(), 1, "{about}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_get_answered_about_something_else_is_a_failure() {
    let world = World::new();
    let leaf = world.leaf("www.contoso.com");
    let thumbprint = *leaf.thumbprint().as_bytes();
    for (about, lie, works) in [
        ("the name in another case", bundle("WEB", leaf.der(), &thumbprint), true),
        ("another name", bundle("web-2", leaf.der(), &thumbprint), false),
        ("thumbprint differs", bundle("web", leaf.der(), &[7; 20]), false),
        ("random bytes", bundle("web", &[7; 5000], &[7; 20]), false),
    ] {
        let world = World::new();
        let body = lie.to_string();
        let fault = Fault::on(Operation::GetCertificate).body(200, "application/json", &body);
        world.cloud.fault(fault);
        match world.store().certificate(&name("web")).await {
            Ok(_) => assert!(works, "{about}"),
            Err(error) => {
                assert!(!works, "{about}: {error}");
                assert_eq!(error.kind(), ErrorKind::Protocol, "{about}: {error}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn read_accepts_only_status_200() {
    for status in [201, 202, 203, 204, 206, 226, 299] {
        let world = World::new();
        let empty = r#"{"value":[],"nextLink":null}"#;
        for operation in [Operation::ListCertificates, Operation::GetCertificate] {
            world.cloud.fault(Fault::on(operation).body(status, "application/json", empty));
        }
        let store = world.store();
        let listed =
            futures::TryStreamExt::try_collect::<Vec<_>>(store.list(ListOptions::default())).await;
        assert_eq!(listed.expect_err("no list").kind(), ErrorKind::Protocol, "{status}");
        let got = store.certificate(&name("web")).await.expect_err("no certificate");
        assert_eq!(got.kind(), ErrorKind::Protocol, "{status}");
    }
}
