//! Listing tokens: a page, all pages, or token by token.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};
use letta_api::types::{ClientSideAccessTokenPage, ListClientSideAccessTokensParams};
use letta_api::{ResponseValue, Secret, operations};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::{request, salvage};
use crate::access_tokens::token::AccessToken;
use crate::client::Letta;
use crate::error::attempts::Attempts;
use crate::error::{Error, Result};
use crate::ids::AgentId;
use crate::platform::BoxStream;

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

    /// Only tokens whose policy names this agent. Takes text or an [`AgentId`]. `send` reports an invalid ID.
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

    /// The largest number of tokens on a page. Must be at least 1. The service's default is 10.
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Sends the request, and gives one page.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an invalid agent ID (`agent`), a limit of 0 (`limit`). After
    /// that, whatever the service or the network has to say.
    ///
    /// A token with odd fields is still listed, as for a [create](super::CreateAccessToken::send). If an entry has no
    /// readable `token`, the whole page is an [invalid response](Error::is_invalid_response): leaving the entry out
    /// would hide a live token.
    pub async fn send(self) -> Result<AccessTokenPage> {
        self.fetch(|_, _| ()).await.map(|(page, ())| page)
    }

    /// Gives one page, and what is made of the answer's head.
    async fn fetch<H>(
        self,
        head: impl FnOnce(&ResponseValue<ClientSideAccessTokenPage>, Attempts) -> H,
    ) -> Result<(AccessTokenPage, H)> {
        let agent = self.agent.transpose()?;
        if self.limit == Some(0) {
            return Err(Error::invalid_input(
                "limit",
                "must be at least 1",
                Some("0"),
            ));
        }
        let secrets = [self.letta.key().expose_secret()];
        let call = self.letta.call(&operations::LIST_CLIENT_SIDE_ACCESS_TOKENS);
        let mut params = ListClientSideAccessTokensParams::default();
        params.agent_id = agent.map(|agent| agent.as_str().to_owned());
        params.limit = self.limit;
        params.offset = self.offset;
        let list = call.api.list_client_side_access_tokens(&params);
        let answer = call.answer(list.await, salvage::page, &secrets).await?;
        let head = head(&answer, call.course.attempts());
        let page = answer.into_inner();
        let date = call.course.date();
        let tokens = page.tokens.into_iter();
        let page = AccessTokenPage {
            tokens: tokens
                .map(|token| AccessToken::from_wire(token, date.clone()))
                .collect(),
            has_next_page: page.has_next_page,
        };
        Ok((page, head))
    }

    /// This page and all that follow, each fetched when it is asked for, by a call with a deadline of its
    /// own. Ends after the first error.
    ///
    /// Pages are counted off by position. A token that is created or revoked meanwhile moves the
    /// others, so that one may come twice or be passed over.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), and an [invalid response](Error::is_invalid_response) where the
    /// service does not seem to move on: an empty page that says that more follow, or the same page
    /// three times in a row.
    pub fn pages(self) -> AccessTokenPages {
        enum Next {
            Fetch(Box<ListAccessTokens>),
            Fail(Error),
            End,
        }

        let start = (Next::Fetch(Box::new(self)), Repeats::default());
        let pages = stream::try_unfold(start, |(next, mut repeats)| async move {
            let request = match next {
                Next::Fetch(request) => request,
                Next::Fail(error) => return Err(error),
                Next::End => return Ok(None),
            };
            let (page, head) = request.clone().fetch(Head::of).await?;
            if repeats.is_third(&page) {
                return Err(head.no_progress("the same page came three times in a row"));
            }
            let count = u32::try_from(page.tokens.len()).unwrap_or(u32::MAX);
            let next = match request.offset.unwrap_or(0).checked_add(count) {
                _ if !page.has_next_page => Next::End,
                _ if count == 0 => {
                    return Err(head.no_progress("the page is empty, and says that more follow"));
                }
                Some(offset) => Next::Fetch(Box::new(request.offset(offset))),
                None => Next::Fail(head.no_progress("more tokens follow than can be counted")),
            };
            Ok(Some((page, (next, repeats))))
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

request!(ListAccessTokens => AccessTokenPage);

/// A page of tokens.
#[derive(Clone, Debug)]
pub struct AccessTokenPage {
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
}

impl IntoIterator for AccessTokenPage {
    type Item = AccessToken;
    type IntoIter = std::vec::IntoIter<AccessToken>;

    fn into_iter(self) -> Self::IntoIter {
        self.tokens.into_iter()
    }
}

/// Notices a server that does not heed the offset. A page may well come twice, where tokens are minted
/// between two fetches and the newest come first.
#[derive(Default)]
struct Repeats {
    last: Vec<Secret>,
    count: usize,
}

impl Repeats {
    fn is_third(&mut self, page: &AccessTokenPage) -> bool {
        let secrets: Vec<Secret> = page.tokens.iter().map(Secret::from).collect();
        if !secrets.is_empty() && secrets == self.last {
            self.count += 1;
        } else {
            *self = Self {
                last: secrets,
                count: 1,
            };
        }
        self.count == 3
    }
}

/// Status and headers of the answer that a page came with, to say which one made no sense.
struct Head(StatusCode, HeaderMap, Attempts);

impl Head {
    fn of(answer: &ResponseValue<ClientSideAccessTokenPage>, attempts: Attempts) -> Self {
        Self(answer.status(), answer.headers().clone(), attempts)
    }

    fn no_progress(&self, problem: &str) -> Error {
        let operation = &operations::LIST_CLIENT_SIDE_ACCESS_TOKENS;
        Error::invalid_response(operation, self.0, &self.1, problem, &[]).after(self.2)
    }
}

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
