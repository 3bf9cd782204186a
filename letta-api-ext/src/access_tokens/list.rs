//! Listing tokens: a page, all pages, or token by token.

use letta_api::MaybeSend;
use letta_api::types::ListClientSideAccessTokensParams;

use super::salvage;
use super::token::AccessToken;
use crate::client::answer::Answer;
use crate::client::request::{Call, request};
use crate::error::{Error, Result};
use crate::ids::AgentId;
use crate::pages::{Items, List, Next, Pages, Position};

/// A request to list tokens. From [`AccessTokens::list`](crate::AccessTokens::list).
///
/// [`send`](Self::send) returns one page, [`pages`](Self::pages) this page and all that follow, and
/// [`items`](Self::items) the tokens on them.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListAccessTokens {
    call: Call,
    agent: Option<Result<AgentId>>,
    offset: Option<u32>,
    limit: Option<u32>,
}

impl ListAccessTokens {
    pub(super) fn new(call: Call) -> Self {
        Self {
            call,
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

    /// How many tokens to skip. By default 0.
    pub fn offset(mut self, offset: u32) -> Self {
        self.offset = Some(offset);
        self
    }

    /// The largest number of tokens on a page. Must be at least 1; [`send`](Self::send) reports 0. The service's
    /// default is 10 (documented).
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Sends the request, and returns one page.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an invalid agent ID (`agent`), or a limit of 0 (`limit`). After that: any failure of
    /// the service or the network.
    ///
    /// A token with invalid fields is still listed, as for a [create](super::CreateAccessToken::send). If an entry
    /// has no readable `token`, the whole page is an [invalid response](Error::is_invalid_response): leaving the
    /// entry out would hide a live token.
    pub async fn send(self) -> Result<AccessTokenPage> {
        self.fetch().await.map(Answer::into_inner)
    }

    async fn fetch(self) -> Result<Answer<AccessTokenPage>> {
        let agent = self.agent.transpose()?;
        if self.limit == Some(0) {
            let rule = "must be at least 1";
            return Err(Error::invalid_input("limit", rule, Some("0")));
        }
        let mut params = ListClientSideAccessTokensParams::default();
        params.agent_id = agent.map(Into::into);
        params.limit = self.limit;
        params.offset = self.offset;
        let outcome = self
            .call
            .api()
            .list_client_side_access_tokens(&params)
            .await;
        let answer = Answer::or_salvaged(outcome, salvage::page)?;
        let date = answer.date();
        Ok(answer.map(|page| AccessTokenPage {
            tokens: page
                .tokens
                .into_iter()
                .map(|token| AccessToken::from_wire(token, date.clone()))
                .collect(),
            has_next_page: page.has_next_page,
        }))
    }

    /// This page and all that follow. Each is fetched when it is asked for, by a call with its own deadline. The
    /// stream ends after the first error.
    ///
    /// Pages are counted by position. If a token is created or revoked meanwhile, the others move: one may come twice
    /// or be skipped.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send). Also an [invalid response](Error::is_invalid_response) if the service does not
    /// move on: an empty page that says that more follow, or the same page three times in a row.
    pub fn pages(self) -> Pages<AccessTokenPage> {
        Pages::of(self)
    }

    /// All tokens from this page on, one by one. The errors are those of [`pages`](Self::pages).
    /// [`limit`](Self::limit) says how many are fetched at a time.
    pub fn items(self) -> Items<AccessToken> {
        Items::of(self)
    }
}

impl List for ListAccessTokens {
    type Page = AccessTokenPage;
    type Item = AccessToken;
    type Cursor = Position;

    fn cursor(&self) -> Position {
        Position::at(self.offset)
    }

    fn fetch(
        mut self,
        cursor: &Position,
    ) -> impl Future<Output = Result<Answer<AccessTokenPage>>> + MaybeSend {
        self.offset = cursor.offset();
        ListAccessTokens::fetch(self)
    }

    fn advance(cursor: &mut Position, page: &AccessTokenPage) -> Next {
        let marks = page.tokens.iter().map(AccessToken::expose_secret);
        cursor.advance(marks, page.has_next_page)
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

    /// The tokens on this page, by value.
    pub fn into_tokens(self) -> Vec<AccessToken> {
        self.tokens
    }

    /// Whether more tokens follow this page.
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
