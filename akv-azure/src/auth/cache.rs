//! One token shared by all requests during its lifetime.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::classify::TokenError;
use crate::exchange::Deadline;
use crate::redact::Redactor;

/// Makes tokens for one identity and one audience.
#[async_trait]
pub(crate) trait Mint: Send + Sync {
    /// A new token, never one that was returned before.
    async fn mint(&self, deadline: Deadline) -> Result<Minted, TokenError>;
}

/// A new token and its lifetime.
pub(crate) struct Minted {
    pub(crate) secret: Zeroizing<String>,
    pub(crate) lifetime: Duration,
}

/// A token as a request sends it.
#[derive(Clone)]
pub(crate) struct Token(Arc<Held>);

struct Held {
    secret: Zeroizing<String>,
    redactor: Redactor,
    refresh_from: Instant,
    serves_until: Instant,
}

impl Token {
    /// The raw token, for the code that redacts it from messages.
    pub(crate) fn secret(&self) -> &str {
        &self.0.secret
    }

    /// Redacts the token from messages.
    pub(crate) fn redactor(&self) -> Redactor {
        self.0.redactor.clone()
    }

    /// The value of the `Authorization` header.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", *self.0.secret)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Caches one token. A single request mints it for all waiting callers, and replaces it before it
/// expires while other requests still use the old one.
pub(crate) struct TokenCache {
    mint: Box<dyn Mint>,
    state: Mutex<State>,
    flight: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    /// How many mint requests have finished.
    landed: u64,
    /// The last failure, for the callers that waited for it.
    failed: Option<(Instant, TokenError)>,
}

impl TokenCache {
    pub(crate) fn new(mint: impl Mint + 'static) -> Arc<Self> {
        Arc::new(Self {
            mint: Box::new(mint),
            state: Mutex::default(),
            flight: tokio::sync::Mutex::new(()),
        })
    }

    /// The cached token, or a new one if none is usable.
    pub(crate) async fn token(self: &Arc<Self>, deadline: Deadline) -> Result<Token, TokenError> {
        let landed = self.state().landed;
        if let Some(token) = self.serving() {
            if Instant::now() >= token.0.refresh_from {
                self.refresh_behind();
            }
            return Ok(token);
        }
        let Some(_flight) = deadline.bound(self.flight.lock()).await else {
            return Err(TokenError::timed_out(deadline));
        };
        if let Some(token) = self.serving() {
            return Ok(token);
        }
        if let Some(denied) = self.failed_since(landed) {
            return Err(denied);
        }
        self.fly(deadline).await
    }

    /// The service rejected this token, so it is not returned again.
    pub(crate) fn refused(&self, refused: &Token) {
        let mut state = self.state();
        if state.token.as_ref().is_some_and(|held| Arc::ptr_eq(&held.0, &refused.0)) {
            state.token = None;
        }
    }

    /// Mints a token. The caller holds the lock.
    async fn fly(&self, deadline: Deadline) -> Result<Token, TokenError> {
        let minted = match deadline.bound(self.mint.mint(deadline)).await {
            Some(minted) => minted,
            None => Err(TokenError::timed_out(deadline)),
        };
        let now = Instant::now();
        let mut state = self.state();
        state.landed += 1;
        match minted {
            Ok(minted) => {
                let seconds = minted.lifetime.as_secs();
                tracing::debug!(target: "akv_azure::token", seconds, "token obtained");
                let token = Token(Arc::new(Held::new(minted, now)));
                state.token = Some(token.clone());
                state.failed = None;
                Ok(token)
            }
            Err(denied) => {
                state.failed = Some((now, denied.clone()));
                Err(denied)
            }
        }
    }

    /// Replaces the token in the background. A failure is remembered for a while, so that a failing
    /// authority is not contacted with every request.
    fn refresh_behind(self: &Arc<Self>) {
        let resting = self.state().failed.as_ref().is_some_and(|(at, _)| at.elapsed() < REST);
        if resting || self.flight.try_lock().is_err() {
            return;
        }
        let cache = Arc::clone(self);
        tokio::spawn(async move {
            let Ok(_flight) = cache.flight.try_lock() else { return };
            let current = cache.serving().is_some_and(|it| Instant::now() < it.0.refresh_from);
            if !current && let Err(denied) = cache.fly(Deadline::after(BEHIND)).await {
                tracing::warn!(%denied, "cannot get a new token; the current one is still valid");
            }
        });
    }

    fn serving(&self) -> Option<Token> {
        let state = self.state();
        state.token.clone().filter(|token| Instant::now() < token.0.serves_until)
    }

    fn failed_since(&self, landed: u64) -> Option<TokenError> {
        let state = self.state();
        let (_, denied) = state.failed.as_ref().filter(|_| state.landed > landed)?;
        Some(denied.clone())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn new(minted: Minted, now: Instant) -> Self {
        // The local clock can be wrong; the service decides whether a token is still valid.
        let lifetime = minted.lifetime.max(SHORTEST);
        let refresh_ahead = AHEAD.min(lifetime / 2);
        let margin = MARGIN.min(lifetime / 10);
        Self {
            redactor: Redactor::new([minted.secret.as_str()]),
            secret: minted.secret,
            refresh_from: now + lifetime.saturating_sub(refresh_ahead),
            serves_until: now + lifetime.saturating_sub(margin),
        }
    }
}

/// How long before expiry a token is replaced.
const AHEAD: Duration = Duration::from_secs(10 * 60);
/// How long before expiry a token is no longer sent: it could expire in transit.
const MARGIN: Duration = Duration::from_secs(30);
const SHORTEST: Duration = Duration::from_secs(60);
/// The deadline of a background refresh.
const BEHIND: Duration = Duration::from_secs(60);
/// The pause between a failed refresh and the next one.
const REST: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    struct Counting {
        minted: Arc<AtomicU32>,
        lifetime: Duration,
        takes: Duration,
        fails_from: u32,
    }

    #[async_trait]
    impl Mint for Counting {
        async fn mint(&self, _: Deadline) -> Result<Minted, TokenError> {
            let number = self.minted.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(self.takes).await;
            if number >= self.fails_from {
                return Err(TokenError::timed_out(Deadline::after(Duration::ZERO)));
            }
            let secret = Zeroizing::new(format!("token {number}"));
            Ok(Minted { secret, lifetime: self.lifetime })
        }
    }

    fn cache(lifetime: u64, fails_from: u32) -> (Arc<TokenCache>, Arc<AtomicU32>) {
        let minted = Arc::new(AtomicU32::new(0));
        let mint = Counting {
            minted: Arc::clone(&minted),
            lifetime: Duration::from_secs(lifetime),
            takes: Duration::from_secs(1),
            fails_from,
        };
        (TokenCache::new(mint), minted)
    }

    fn deadline() -> Deadline {
        Deadline::after(Duration::from_secs(60))
    }

    #[tokio::test(start_paused = true)]
    async fn ten_thousand_ask_and_one_is_minted() {
        let (cache, minted) = cache(3600, u32::MAX);
        let asked = (0..10_000).map(|_| cache.token(deadline()));
        let tokens = futures::future::join_all(asked).await;
        assert!(tokens.iter().all(Result::is_ok));
        assert_eq!(minted.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn next_token_is_requested_ahead_without_waiting() {
        let (cache, minted) = cache(3600, u32::MAX);
        cache.token(deadline()).await.expect("a token");
        tokio::time::advance(Duration::from_secs(3600 - 599)).await;
        let before = Instant::now();
        for _ in 0..100 {
            let token = cache.token(deadline()).await.expect("the old one");
            assert_eq!(token.bearer(), "Bearer token 0");
        }
        assert_eq!(before.elapsed(), Duration::ZERO, "no wait");
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(cache.token(deadline()).await.expect("the next").bearer(), "Bearer token 1");
        assert_eq!(minted.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_refresh_leaves_the_old_one_and_rests() {
        let (cache, minted) = cache(3600, 1);
        cache.token(deadline()).await.expect("a token");
        tokio::time::advance(Duration::from_secs(3100)).await;
        for _ in 0..20 {
            assert!(cache.token(deadline()).await.is_ok());
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(minted.load(Ordering::SeqCst), 2, "one refresh attempt, then a pause");
        tokio::time::advance(Duration::from_secs(500)).await;
        assert!(cache.token(deadline()).await.is_err(), "it has ended");
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_requests_share_the_failure() {
        let (cache, minted) = cache(3600, 0);
        let asked = (0..64).map(|_| cache.token(deadline()));
        assert!(futures::future::join_all(asked).await.iter().all(Result::is_err));
        assert_eq!(minted.load(Ordering::SeqCst), 1);
        assert!(cache.token(deadline()).await.is_err());
        assert_eq!(minted.load(Ordering::SeqCst), 2, "who asks later has a try of their own");
    }

    #[tokio::test(start_paused = true)]
    async fn a_rejected_token_is_replaced_once_for_all() {
        let (cache, minted) = cache(3600, u32::MAX);
        let first = cache.token(deadline()).await.expect("a token");
        cache.refused(&first);
        let second = cache.token(deadline()).await.expect("another");
        assert_eq!(second.bearer(), "Bearer token 1");
        // Another request that used the first token is rejected late.
        cache.refused(&first);
        assert_eq!(cache.token(deadline()).await.expect("the same").bearer(), "Bearer token 1");
        assert_eq!(minted.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn minting_times_out_at_the_deadline() {
        let (cache, _) = cache(3600, u32::MAX);
        let short = Deadline::after(Duration::from_millis(10));
        assert!(cache.token(short).await.is_err());
        assert!(cache.token(deadline()).await.is_ok(), "the flight was given back");
    }

    #[test]
    fn a_token_does_not_show_itself() {
        let minted = Minted { secret: Zeroizing::new("hush".to_owned()), lifetime: Duration::ZERO };
        let token = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime")
            .block_on(async { Token(Arc::new(Held::new(minted, Instant::now()))) });
        assert_eq!(format!("{token:?}"), "Token(…)");
    }
}
