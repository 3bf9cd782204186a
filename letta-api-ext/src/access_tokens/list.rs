//! Listing tokens: a page, all pages, or token by token.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};
use letta_api::operations;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::{awaitable, call};
use crate::access_token::AccessToken;
use crate::agent_id::AgentId;
use crate::error::{Error, Result};
use crate::letta::Letta;

/// A request to list tokens. From [`AccessTokens::list`](crate::AccessTokens::list).
///
/// [`send`](Self::send) gives one page, [`pages`](Self::pages) all that follow, and
/// [`items`](Self::items) the tokens on them.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListAccessTokens {
    letta: Letta,
    agent: Option<Result<AgentId>>,
    offset: Option<u32>,
    limit: Option<u32>,
}

impl ListAccessTokens {
    pub(super) fn new(letta: Letta) -> Self {
        Self {
            letta,
            agent: None,
            offset: None,
            limit: None,
        }
    }

    /// Only tokens whose policy names this agent. Text or an [`AgentId`]; one that is none is
    /// reported when the request is sent.
    pub fn agent<A>(mut self, agent: A) -> Self
    where
        A: TryInto<AgentId>,
        A::Error: Into<Error>,
    {
        self.agent = Some(agent.try_into().map_err(Into::into));
        self
    }

    /// How many tokens to skip. By default none.
    pub fn offset(mut self, offset: u32) -> Self {
        self.offset = Some(offset);
        self
    }

    /// How many tokens a page holds at the most, at least 1. By default 10, says the service.
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Sends the request, and gives one page.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an agent's ID that is none (`agent`), a limit of 0 (`limit`). After
    /// that, whatever the service or the network has to say.
    pub async fn send(self) -> Result<AccessTokenPage> {
        let agent = self.agent.transpose()?;
        if self.limit == Some(0) {
            return Err(Error::invalid_input(
                "limit",
                "must be at least 1",
                Some("0"),
            ));
        }
        let secrets = [self.letta.key().expose_secret()];
        let page = call(
            &operations::LIST_CLIENT_SIDE_ACCESS_TOKENS,
            self.letta.api().list_client_side_access_tokens(
                agent.as_ref().map(AgentId::as_str),
                self.limit,
                self.offset,
            ),
            &secrets,
        )
        .await?;
        Ok(AccessTokenPage {
            offset: self.offset.unwrap_or(0),
            tokens: page
                .tokens
                .into_iter()
                .map(AccessToken::from_wire)
                .collect(),
            has_next_page: page.has_next_page,
        })
    }

    /// This page and all that follow, each fetched when it is asked for. Ends after the first error.
    ///
    /// Pages are counted off by position. A token that is created or revoked meanwhile moves the
    /// others, so that one may come twice or be passed over.
    pub fn pages(self) -> AccessTokenPages {
        let pages = stream::try_unfold(Some(self), |request| async move {
            let Some(request) = request else {
                return Ok(None);
            };
            let page = request.clone().send().await?;
            let next = match page.next_offset() {
                None => None,
                Some(Ok(offset)) => Some(request.offset(offset)),
                Some(Err(error)) => return Err(error),
            };
            Ok(Some((page, next)))
        });
        AccessTokenPages(Box::pin(pages))
    }

    /// All tokens from this page on, one by one. As for [`pages`](Self::pages), which it is made of;
    /// [`limit`](Self::limit) says how many are fetched at a time.
    pub fn items(self) -> AccessTokenStream {
        let items = self
            .pages()
            .map_ok(|page| stream::iter(page.tokens.into_iter().map(Ok)))
            .try_flatten();
        AccessTokenStream(Box::pin(items))
    }
}

awaitable!(ListAccessTokens => AccessTokenPage);

/// A page of tokens.
#[derive(Clone, Debug)]
pub struct AccessTokenPage {
    offset: u32,
    tokens: Vec<AccessToken>,
    has_next_page: bool,
}

impl AccessTokenPage {
    /// The tokens on this page.
    pub fn tokens(&self) -> &[AccessToken] {
        &self.tokens
    }

    /// The tokens on this page, to keep.
    pub fn into_tokens(self) -> Vec<AccessToken> {
        self.tokens
    }

    /// Whether tokens come after this page.
    pub fn has_next_page(&self) -> bool {
        self.has_next_page
    }

    /// Where the next page begins, if there is one. An error where the service says there is, and
    /// gave nothing to count on from: asking for it would go round in circles.
    fn next_offset(&self) -> Option<Result<u32>> {
        if !self.has_next_page {
            return None;
        }
        let count = u32::try_from(self.tokens.len()).unwrap_or(u32::MAX);
        Some(match self.offset.checked_add(count) {
            Some(next) if count > 0 => Ok(next),
            _ => Err(Error::invalid_response(
                &operations::LIST_CLIENT_SIDE_ACCESS_TOKENS,
                StatusCode::OK,
                &HeaderMap::new(),
                "the page is empty, and says that more tokens follow",
                &[],
            )),
        })
    }
}

impl IntoIterator for AccessTokenPage {
    type Item = AccessToken;
    type IntoIter = std::vec::IntoIter<AccessToken>;

    fn into_iter(self) -> Self::IntoIter {
        self.tokens.into_iter()
    }
}

#[cfg(not(target_arch = "wasm32"))]
type BoxStream<T> = Pin<Box<dyn Stream<Item = T> + Send>>;
#[cfg(target_arch = "wasm32")]
type BoxStream<T> = Pin<Box<dyn Stream<Item = T>>>;

macro_rules! stream_of {
    ($(#[$doc:meta])* $name:ident, $item:ident) => {
        $(#[$doc])*
        #[must_use = "a stream does nothing until it is polled"]
        pub struct $name(BoxStream<Result<$item>>);

        impl $name {
            /// The next one; nothing at the end, and after an error.
            pub async fn next(&mut self) -> Option<Result<$item>> {
                StreamExt::next(&mut self.0).await
            }
        }

        impl Stream for $name {
            type Item = Result<$item>;

            fn poll_next(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
            ) -> Poll<Option<Self::Item>> {
                self.0.as_mut().poll_next(context)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

stream_of! {
    /// A stream of pages. From [`ListAccessTokens::pages`]. Usable by [`next`](Self::next) alone, or
    /// as a [`Stream`].
    AccessTokenPages, AccessTokenPage
}

stream_of! {
    /// A stream of tokens. From [`ListAccessTokens::items`]. Usable by [`next`](Self::next) alone, or
    /// as a [`Stream`].
    AccessTokenStream, AccessToken
}
