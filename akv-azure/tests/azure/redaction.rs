//! Nothing that an answer repeats of the request, or of a secret, gets into errors and logs.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::sync::{Arc, Once};

use akv_azure::{Azure, AzureOptions};
use akv_core::{CertificateStore, Cloud, Credential, Error, ListOptions};
use futures::TryStreamExt;
use serde_json::json;

use crate::echo::{Answer, Echo, Seen};
use crate::world::{World, importing, name};

/// A JWT, and a token of another form.
const TOKENS: [&str; 2] = [
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL3ZhdWx0In0.c2lnbmF0dXJlLW9mLWl0",
    "MARKER-MANAGED-IDENTITY-VAULT-TOKEN",
];
const KEY: &str = "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQC7VJTUt9Us8cKjMzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvuNMoSfm76oqFvAp8Gy0iz5sxjZmSnXyCdPEovGhLa0VzMaQ8s";

enum Asked {
    Import,
    Get,
    List,
    Chain,
    SignIn,
}

struct Row {
    about: &'static str,
    asked: Asked,
    answer: fn(&Seen) -> Answer,
}

const fn row(about: &'static str, asked: Asked, answer: fn(&Seen) -> Answer) -> Row {
    Row { about, asked, answer }
}

fn refusal(code: &str, inner: &str, message: &str) -> String {
    json!({"error": {"code": code, "message": message, "innererror": {"code": inner}}}).to_string()
}

fn request_id(id: &str) -> Vec<(&'static str, String)> {
    vec![("x-ms-request-id", id.to_owned())]
}

fn in_pieces(text: &str, between: &str) -> String {
    let text: Vec<char> = text.chars().collect();
    let pieces = text.chunks(5).map(|piece| piece.iter().collect::<String>());
    pieces.collect::<Vec<_>>().join(between)
}

/// Past attacks and their variants.
const ROWS: &[Row] = &[
    row("import: code repeats the body", Asked::Import, |seen| {
        (400, vec![], refusal(&seen.body, "x", "x"))
    }),
    row("import: inner code repeats the body", Asked::Import, |seen| {
        (403, vec![], refusal("Forbidden", &seen.body, "x"))
    }),
    row("import: code repeats a piece of the body", Asked::Import, |seen| {
        let alphanumeric = |c: char| c.is_ascii_alphanumeric();
        let piece = seen.body.split(|c| !alphanumeric(c)).max_by_key(|piece| piece.len());
        let piece = piece.unwrap_or_default();
        (400, vec![], refusal(&piece[..piece.len().min(100)], "x", "x"))
    }),
    row("import: message repeats the body", Asked::Import, |seen| {
        (400, vec![], refusal("BadParameter", "x", &seen.body))
    }),
    row("import: message repeats the body backwards", Asked::Import, |seen| {
        let backwards: String = seen.body.chars().rev().collect();
        (400, vec![], refusal("BadParameter", "x", &backwards))
    }),
    row("import: text repeats the body", Asked::Import, |seen| (400, vec![], seen.body.clone())),
    row("import: success repeats the body", Asked::Import, |seen| (200, vec![], seen.body.clone())),
    row("secret: content type holds the key", Asked::Chain, |_| {
        (200, vec![], json!({"value": "x", "contentType": KEY}).to_string())
    }),
    row("secret: content type begins as one", Asked::Chain, |_| {
        let kind = format!("application/{KEY}");
        (200, vec![], json!({"value": "x", "contentType": kind}).to_string())
    }),
    row("secret: PEM that is damaged", Asked::Chain, |_| {
        let pem = format!("-----BEGIN PRIVATE KEY----\n{KEY}\n-----END PRIVATE KEY-----\n");
        let kind = "application/x-pem-file";
        (200, vec![], json!({"value": pem, "contentType": kind}).to_string())
    }),
    row("secret: PKCS#12 that is damaged", Asked::Chain, |_| {
        (200, vec![], json!({"value": KEY}).to_string())
    }),
    row("secret: code holds the key", Asked::Chain, |_| (403, vec![], refusal(KEY, KEY, KEY))),
    row("secret: code holds a piece of the key", Asked::Chain, |_| {
        (403, vec![], refusal("Forbidden", &KEY[..80], &KEY[..80]))
    }),
    row("get: text repeats the token", Asked::Get, |seen| {
        (400, vec![], format!("GET {} HTTP/1.1 Authorization: Bearer {}", seen.path, seen.token))
    }),
    row("get: title repeats the token", Asked::Get, |seen| {
        (403, vec![], format!("<html><head><title>Bearer {}</title>", seen.token))
    }),
    row("get: message repeats the token", Asked::Get, |seen| {
        (403, vec![], refusal("Forbidden", "x", &format!("token {} is odd", seen.token)))
    }),
    row("get: message repeats the token in base64", Asked::Get, |seen| {
        use base64::Engine as _;
        let encoded = base64::engine::general_purpose::STANDARD.encode(&seen.token);
        (403, vec![], refusal("Forbidden", "x", &format!("token {encoded} is odd")))
    }),
    row("get: message repeats the token in words", Asked::Get, |seen| {
        (403, vec![], refusal("Forbidden", "x", &in_pieces(&seen.token, " ")))
    }),
    row("get: text repeats the token with marks between", Asked::Get, |seen| {
        (403, vec![], in_pieces(&seen.token, "\u{200b}"))
    }),
    row("get: title repeats the token as entities", Asked::Get, |seen| {
        let codes: Vec<String> = seen.token.bytes().map(|byte| byte.to_string()).collect();
        (403, vec![], format!("<html><head><title>&#{};</title>", codes.join(";&#")))
    }),
    row("get: codes repeat the token", Asked::Get, |seen| {
        (403, vec![], refusal(&seen.token, &seen.token, "x"))
    }),
    row("get: request id repeats the token", Asked::Get, |seen| {
        (400, request_id(&seen.token), refusal("BadParameter", "x", "x"))
    }),
    row("get: Location repeats the token", Asked::Get, |seen| {
        (302, vec![("location", format!("https://{}.example/", seen.token))], String::new())
    }),
    row("get: Location has the token in its path", Asked::Get, |seen| {
        (302, vec![("location", format!("https://a.example/{}", seen.token))], String::new())
    }),
    row("get: challenge repeats the token", Asked::Get, |seen| {
        let token = &seen.token;
        let challenge = format!(
            "Bearer authorization=\"https://x.example/{token}\", resource=\"https://{token}\""
        );
        (401, vec![("www-authenticate", challenge)], refusal("Unauthorized", "x", "x"))
    }),
    row("get: id repeats the token", Asked::Get, |seen| {
        (200, vec![], json!({"id": seen.token, "cer": seen.token}).to_string())
    }),
    row("list: id repeats the token", Asked::List, |seen| {
        (
            200,
            vec![],
            json!({"value": [{"id": format!("https://x/keys/{}", seen.token)}]}).to_string(),
        )
    }),
    row("list: id of another form repeats the token", Asked::List, |seen| {
        (200, vec![], json!({"value": [{"id": seen.token, "tags": 5}]}).to_string())
    }),
    row("list: link repeats the token", Asked::List, |seen| {
        let link = format!("https://{}.example/", seen.token);
        (200, vec![], json!({"value": [], "nextLink": link}).to_string())
    }),
    row("token: description repeats the form", Asked::SignIn, |seen| {
        let error = json!({"error": "invalid_client", "error_description": seen.body});
        (401, vec![], error.to_string())
    }),
    row("token: coded description repeats the form", Asked::SignIn, |seen| {
        let described = format!("AADSTS7000215: Invalid client secret: {}", seen.body);
        (401, vec![], json!({"error": "x", "error_description": described}).to_string())
    }),
    row("token: coded description repeats the form in words", Asked::SignIn, |seen| {
        let described = format!("AADSTS7000215: {}", in_pieces(&seen.body, " "));
        (401, vec![], json!({"error": "x", "error_description": described}).to_string())
    }),
    row("token: error repeats the form", Asked::SignIn, |seen| {
        (400, vec![], json!({"error": seen.body}).to_string())
    }),
    row("token: trace id repeats the form", Asked::SignIn, |seen| {
        (400, vec![], json!({"error": "x", "trace_id": seen.body}).to_string())
    }),
    row("token: request id repeats the form", Asked::SignIn, |seen| {
        (400, request_id(&seen.body), json!({"error": "x"}).to_string())
    }),
    row("token: text repeats the form", Asked::SignIn, |seen| (400, vec![], seen.body.clone())),
    row("token: title repeats the form", Asked::SignIn, |seen| {
        (403, vec![], format!("<html><title>{}</title></html>", seen.body))
    }),
    row("token: a refusal has a token", Asked::SignIn, |_| {
        let error =
            json!({"error": "x", "error_description": TOKENS[0], "access_token": TOKENS[0]});
        (400, vec![], error.to_string())
    }),
    row("token: a success that is none repeats the form", Asked::SignIn, |seen| {
        (200, vec![], json!({"access_token": 5, "x": seen.body}).to_string())
    }),
];

/// Contains the characters that forms, JSON and HTML escape.
const SECRET: &str = "a~Secret+of/the=client&\"with\"<everything>.8Q8~";

fn client_secret(world: &World) -> Credential {
    Credential::ClientSecret {
        client_id: world.cloud.client_id().parse().expect("an id"),
        secret: SECRET.into(),
    }
}

thread_local! {
    /// All log lines of this thread, while it records them.
    static LOG: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// For the whole process, because tracing caches whether each line has a subscriber.
struct Logging;

impl Logging {
    fn begin() {
        static LISTENING: Once = Once::new();
        LISTENING
            .call_once(|| tracing::subscriber::set_global_default(Self).expect("the only one"));
        LOG.set(Some(String::new()));
    }

    fn end() -> String {
        LOG.take().expect("begun")
    }
}

impl tracing::field::Visit for Logging {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        LOG.with_borrow_mut(|log| {
            if let Some(log) = log {
                let _ = writeln!(log, "{field}={value:?}");
            }
        });
    }
}

impl tracing::Subscriber for Logging {
    fn register_callsite(
        &self,
        _: &'static tracing::Metadata<'static>,
    ) -> tracing::subscriber::Interest {
        tracing::subscriber::Interest::sometimes()
    }

    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        LOG.with_borrow(Option::is_some) && metadata.target().starts_with("akv")
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Self);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

fn shown(error: &Error, log: &str) -> String {
    let mut shown = format!("{error}\n{error:?}\n{log}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let _ = write!(shown, "\n{error} {error:?}");
        cause = error.source();
    }
    shown
}

/// No usable piece of the secret, whatever separates its letters.
fn assert_without(shown: &str, secret: &str, about: &str) {
    let without_marks = |text: &str| text.replace(|c: char| !c.is_ascii_alphanumeric(), "");
    for marks in [true, false] {
        let kept = |text: &str| if marks { text.to_owned() } else { without_marks(text) };
        let shown = kept(&entities_read(shown)).to_ascii_lowercase();
        let secret: Vec<char> = kept(secret).to_ascii_lowercase().chars().collect();
        for piece in secret.windows(16) {
            let piece: String = piece.iter().collect();
            assert!(!shown.contains(&piece), "{about}: {piece:?} is in {shown}");
        }
    }
}

fn entities_read(text: &str) -> String {
    let read = |part: &str| {
        let (number, rest) = part.split_once(';')?;
        Some(format!("{}{rest}", char::from_u32(number.parse().ok()?)?))
    };
    let (first, rest) = text.split_once("&#").unwrap_or((text, ""));
    let rest = rest.split("&#").map(|part| read(part).unwrap_or_else(|| part.to_owned()));
    first.to_owned() + &rest.collect::<String>()
}

async fn asked(row: &Row, token: &'static str) -> (Error, Vec<String>) {
    let world = World::new();
    world.cloud.vault("contoso").seed(1);
    let version = world.cloud.vault("contoso").newest("cert-000001").expect("a version").id;
    let (answer, signing_in) = (row.answer, matches!(row.asked, Asked::SignIn));
    let echo = Echo::new(world.cloud.transport(), move |seen| {
        let is_sign_in = seen.path.ends_with("/oauth2/v2.0/token");
        if is_sign_in && !signing_in {
            let token = json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600});
            return Some((200, vec![], token.to_string()));
        }
        // After a lost import, the client looks for the certificate.
        let looking = seen.path.ends_with("/certificates/web") && seen.body.is_empty();
        if looking {
            Some((404, vec![], refusal("CertificateNotFound", "x", "x")))
        } else {
            Some(answer(seen))
        }
    });
    let options = AzureOptions::default().with_transport(Arc::clone(&echo) as _);
    let azure = Azure::new(options).expect("options");
    let address = world.address("contoso", Cloud::public());
    let store = azure.store(&address, client_secret(&world)).expect("a store");
    let certificate = name("cert-000001");
    let failed = match row.asked {
        Asked::Import => {
            let import = importing("web", &world.leaf("www.contoso.com"));
            store.import(&import).await.err()
        }
        Asked::Get | Asked::SignIn => store.certificate(&certificate).await.err(),
        Asked::List => store.list(ListOptions::default()).try_collect::<Vec<_>>().await.err(),
        Asked::Chain => store.chain(&certificate, &version.parse().expect("a version")).await.err(),
    };
    let error = failed.expect(row.about);
    (error, echo.secrets())
}

#[tokio::test(start_paused = true)]
async fn repeated_secrets_of_a_response_are_not_shown() {
    for row in ROWS {
        for token in TOKENS {
            Logging::begin();
            let (error, sent) = asked(row, token).await;
            let log = Logging::end();
            assert!(log.contains("request"), "{}: nothing was logged", row.about);
            let shown = shown(&error, &log);
            for secret in [token, KEY, SECRET] {
                assert_without(&shown, secret, row.about);
            }
            let encoded: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
            assert_without(&shown, &encoded, row.about);
            // All base64 of an import's request.
            for body in sent.iter().filter(|body| body.contains("\"value\"")) {
                let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
                assert_without(&shown, body["value"].as_str().expect("a value"), row.about);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_outside_the_clouds_domain_is_warned_of_once() {
    let world = World::new();
    for (endpoint, warned) in [
        (None, false),
        (Some("contoso.vault.azure.net"), false),
        (Some("vaults.example"), true),
        (Some("evilvault.azure.net"), true),
    ] {
        Logging::begin();
        for _ in 0..2 {
            let address = world
                .address("contoso", Cloud::public())
                .with_private_endpoint(endpoint.map(|it| it.parse().expect("an endpoint")));
            world.azure.store(&address, world.credential()).expect("a store");
        }
        let log = Logging::end();
        let warnings = log.matches("outside vault.azure.net").count();
        assert_eq!(warnings, usize::from(warned), "{endpoint:?}: {log}");
    }
}

#[tokio::test(start_paused = true)]
async fn harmless_service_message_is_shown() {
    const RBAC: &str = "Caller is not authorized to perform action on resource.\r\n\
        Action: 'Microsoft.KeyVault/vaults/certificates/read'\r\n\
        Resource: '/subscriptions/0b1ec700-0000-4000-8000-000000000001/resourcegroups/pki/\
        providers/microsoft.keyvault/vaults/contoso/certificates/web'";
    let row = row("words", Asked::Get, |_| {
        let id = request_id("0b1ec700-0000-4000-8000-00000000000a");
        (403, id, refusal("Forbidden", "ForbiddenByRbac", RBAC))
    });
    let (error, _) = asked(&row, TOKENS[0]).await;
    let shown = error.to_string();
    for said in [
        "Action: 'Microsoft.KeyVault/vaults/certificates/read'",
        "/providers/microsoft.keyvault/vaults/contoso/certificates/web'",
        "Forbidden/ForbiddenByRbac",
        "0b1ec700-0000-4000-8000-00000000000a",
    ] {
        assert!(shown.contains(said), "{said} is not in {shown}");
    }
}
