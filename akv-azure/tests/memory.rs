//! Answers that are designed to exhaust memory take little: the kept part counts.
#![cfg(target_os = "linux")]

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use akv_azure::{Azure, AzureOptions, HttpClient};
    use akv_core::{
        CertificateStore, Cloud, Credential, ListOptions, StoreAddress, VaultDirectory,
    };
    use async_trait::async_trait;
    use azure_core::http::headers::Headers;
    use azure_core::http::{AsyncRawResponse, Request};
    use bytes::Bytes;
    use futures::{StreamExt, TryStreamExt};

    const MIB: usize = 1 << 20;
    /// The memory limit of any hostile answer, as in `docs/security.md`.
    const BOUND: usize = 64 * MIB;
    const TENANT: &str = "7e4a47e4-0000-4000-8000-000000000001";

    /// Issues a token to every caller, and answers everything else with one body in network-sized
    /// chunks. `PAGE` in it becomes a different number in each answer.
    #[derive(Debug)]
    struct Hostile {
        body: Bytes,
        answers: AtomicUsize,
    }

    #[async_trait]
    impl HttpClient for Hostile {
        async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
            if request.url().path().ends_with("/oauth2/v2.0/token") {
                let token = r#"{"token_type":"Bearer","expires_in":3600,"access_token":"x"}"#;
                return Ok(AsyncRawResponse::from_bytes(200.into(), Headers::new(), token));
            }
            let number = self.answers.fetch_add(1, Ordering::SeqCst);
            let next = Bytes::from(format!(r#","nextLink":"{}?{number}"}}"#, request.url()));
            let body = self.body.clone();
            let chunks = (0..body.len().div_ceil(16 << 10)).map(move |at| {
                let from = at * (16 << 10);
                body.slice(from..body.len().min(from + (16 << 10)))
            });
            let chunks = futures::stream::iter(chunks.chain([next]).map(Ok));
            // Other tasks run between the chunks, as they do on a network.
            let chunks = chunks.then(|chunk| async {
                tokio::task::yield_now().await;
                chunk
            });
            Ok(AsyncRawResponse::new(200.into(), Headers::new(), chunks.boxed()))
        }
    }

    fn azure(body: String) -> Azure {
        let hostile = Hostile { body: body.into(), answers: AtomicUsize::new(0) };
        let transport: Arc<dyn HttpClient> = Arc::new(hostile);
        Azure::new(AzureOptions::default().with_transport(transport)).unwrap()
    }

    fn credential() -> Credential {
        let client_id = "11111111-2222-3333-4444-555555555555".parse().unwrap();
        Credential::ClientSecret { client_id, secret: "secret".into() }
    }

    fn store(azure: &Azure) -> akv_azure::KeyVault {
        let address = StoreAddress::new("contoso".parse().unwrap())
            .with_tenant(TENANT.parse().ok())
            .with_cloud(Cloud::public());
        azure.store(&address, credential()).unwrap()
    }

    /// A truncated page of the largest allowed size.
    fn page(item: impl Fn(usize) -> String, bytes: usize) -> String {
        let mut page = String::with_capacity(bytes);
        page.push_str(r#"{"value":["#);
        let mut number = 0;
        loop {
            let item = item(number);
            if page.len() + item.len() + 300 > bytes {
                break;
            }
            let comma = if number == 0 { "" } else { "," };
            write!(page, "{comma}{item}").unwrap();
            number += 1;
        }
        page.push(']');
        page
    }

    /// The memory of this process, now or at its peak since the last reset.
    fn memory(line: &str) -> usize {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|it| it.starts_with(line)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
    }

    async fn taken(what: impl Future<Output = ()>) -> usize {
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        let before = memory("VmRSS:");
        what.await;
        memory("VmHWM:").saturating_sub(before)
    }

    async fn list(azure: &Azure) {
        let listed =
            store(azure).list(ListOptions::default()).try_fold(0, async |n, _| Ok(n + 1)).await;
        assert!(listed.is_err(), "{listed:?}");
    }

    async fn discover(azure: &Azure, subscriptions: usize) {
        let directory = azure.directory(&Cloud::public(), credential()).unwrap();
        let tenant = TENANT.parse().unwrap();
        let vaults = (0..subscriptions).map(|number| {
            let id = format!("5b5c41b7-0000-4000-8000-{number:012}").parse().unwrap();
            let (directory, tenant) = (&directory, &tenant);
            async move { assert!(directory.vaults(tenant, id).await.is_err()) }
        });
        futures::future::join_all(vaults).await;
    }

    async fn fetch(azure: &Azure) {
        let store = &store(azure);
        let fetched = futures::stream::iter(0..200).map(|number| async move {
            let name = format!("c{number}").parse().unwrap();
            assert!(store.certificate(&name).await.is_err());
        });
        fetched.buffered(64).collect::<()>().await;
    }

    /// One test, because the peak is of the whole process.
    #[tokio::test]
    async fn hostile_answers_take_less_than_64_mib() {
        let zeros = |_| "0".to_owned();
        let empty = |_| "{}".to_owned();
        let ids = |number| format!(r#"{{"id":"/{number}"}}"#);
        let unknown =
            |_| format!(r#"{{"id":"https://x/certificates/a","x":[{}0]}}"#, "[0],".repeat(10_000));
        let tags = |number| {
            let tags: Vec<_> = (0..1000).map(|tag| format!(r#""{tag}":"""#)).collect();
            format!(r#"{{"id":"https://x/certificates/a{number}","tags":{{{}}}}}"#, tags.join(","))
        };
        let vault = MIB;
        let manager = 8 * MIB;
        let mut message = String::new();
        for (what, body) in [
            ("zeros", page(zeros, vault)),
            ("too many zeros", page(zeros, 8 * MIB)),
            ("empty objects", page(empty, vault)),
            ("unknown members", page(unknown, vault)),
            ("tags", page(tags, vault)),
        ] {
            let azure = azure(body);
            let bytes = taken(list(&azure)).await;
            writeln!(message, "a list of certificates, {what}: {} KiB", bytes >> 10).unwrap();
            assert!(bytes < BOUND / 4, "{message}");
        }
        for (what, subscriptions, body) in [
            ("zeros", 24, page(zeros, manager)),
            ("empty objects", 1, page(empty, manager)),
            ("ids that cannot be read", 1, page(ids, 5000 * 10)),
            ("unknown members", 1, page(unknown, manager)),
        ] {
            let azure = azure(body);
            let bytes = taken(discover(&azure, subscriptions)).await;
            writeln!(message, "{subscriptions} lists of vaults, {what}: {} KiB", bytes >> 10)
                .unwrap();
            assert!(bytes < BOUND, "{message}");
        }
        let certificate = |bytes: usize| format!(r#"{{"id":"x","cer":"{}""#, "A".repeat(bytes));
        for size in [100 << 10, 1400 << 10] {
            let azure = azure(certificate(size));
            let bytes = taken(fetch(&azure)).await;
            writeln!(message, "200 certificates of {size} bytes: {} KiB", bytes >> 10).unwrap();
            assert!(bytes < BOUND, "{message}");
        }
        println!("{message}");
    }
}
