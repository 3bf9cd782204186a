//! What a client-side access token protects, and what it does not.
//!
//! A client-side access token lets a browser use the service without your API key. It is limited in what it may do, and
//! in time. **Whoever holds it can use it.** So three decisions matter: how little it may do, how short it lives, and
//! whom you give it to.
//!
//! Nobody outside the service can see how it treats tokens today. Its source was published in 2025, and does not agree with its
//! guide in every point. Both may have changed since. The advice on this page is safe whether the service does what the
//! guide says or what the source says. Each fact has its [source](#sources).
//!
//! # In short
//!
//! - Name **one agent** in a policy. For a page with several agents, mint a token for each.
//! - Give the **fewest rights**. A chat needs [`Preset::Chat`], which is `read_messages` and `write_messages`.
//! - Make it **short**. Five minutes are the default. A minter renews tokens, so a short life costs the user nothing.
//! - Do not rely on **deleting** it. A deleted token that has been used may work until it expires.
//! - Do not rely on its **origin**. It is no protection against an attacker.
//! - Decide **on your server** who gets a token, for which agent. The service knows nothing of your users.
//! - **Change agents from your server**, with the API key, and not from a page.
//!
//! # What it protects against
//!
//! | if | then |
//! |---|---|
//! | somebody reads the page's source or memory | they get a token for one agent and a few minutes, and not the API key, which can do everything |
//! | the token leaks: a log, a screenshot, a browser extension | it can be used until it expires, by anybody, from anywhere |
//! | an attacker runs a script in your page | the script can do what the token can. Worse, it can ask your server for the next one, as the user |
//! | another site's page gets the token | a browser may stop that page from reading the answers. Nothing stops an attacker's own program |
//! | a user asks for more than the page does | they can do all that the policy allows, with any program. The policy is the limit, not your page |
//! | a user signs out | your server stops renewing. The last token may work for what is left of its life |
//! | an agent is shared by users | each holder of a token with `read_messages` reads all messages of the agent, those of other users included |
//!
//! # What opens what
//!
//! A token opens these calls, on the agent that its policy names. It opens no other path: no list of agents, no
//! conversation, memory block, run, file or tool, and none of the operations on tokens.
//!
//! | call | right | source |
//! |---|---|---|
//! | `GET /v1/agents/{id}` | `read_agent` | documented, published source |
//! | `PATCH /v1/agents/{id}` | `write_agent` | documented. The published source does not open it, so do not rely on it |
//! | `POST /v1/agents/{id}` | `write_agent` | published source. The service has no such operation |
//! | `GET /v1/agents/{id}/messages` | `read_messages` | documented, published source |
//! | `POST /v1/agents/{id}/messages` | `write_messages` | documented, published source |
//! | `POST /v1/agents/{id}/messages/stream`, and `…/async`, `…/cancel` | `write_messages` | documented for `…/stream`; published source |
//! | `GET /v1/agents/{id}/messages/{one segment}` | `read_messages` | published source |
//!
//! Think twice about these two:
//!
//! - `read_agent` shows the whole agent: its system prompt, its memory, its tools, and its `secrets`, which are the
//!   environment variables of its tools. (The published API description lists these fields. Whether the hosted
//!   service hides some of them from a token is not known.)
//! - `write_agent` may change all of that. Whoever can change an agent's prompt or tools can make it do what they like.
//!
//! # One token, one agent
//!
//! The published source lets a call through only if **every** entry of the policy allows it, and an entry allows calls on its
//! own agent alone. So a token whose policy names two agents opens nothing at all. Two entries for one agent open only what
//! both give; this crate merges them into one.
//!
//! An entry of a kind that this crate does not know may close the whole policy in the same way.
//!
//! ```no_run
//! # use letta_api_ext::{AccessPolicy, Letta};
//! # async fn run(letta: Letta, policy: AccessPolicy) -> Result<(), letta_api_ext::Error> {
//! use std::collections::HashMap;
//!
//! // `policy` says what a user may do, perhaps with several agents. The page gets a token for each.
//! let mut tokens = HashMap::new();
//! for part in policy.per_agent() {
//!     if let Some(agent) = part.sole_agent().cloned() {
//!         let token = letta.access_tokens().create(part, "https://chat.example.com").await?;
//!         tokens.insert(agent, token);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! With the feature `minter`, `TokenMinter::tokens_per_agent` does this from its cache, and with the feature `axum`,
//! `TokenGrant::per_agent` hands the map to the page. The code above skips an entry of another kind. These two refuse a
//! policy that has one. To build one policy of several agents, call [`build_combined`] of the policy builder. Its `build` is
//! for one agent, and does not compile for several.
//!
//! # How long it lives
//!
//! The life of a token is the one limit that holds whatever else fails: after a leak, after a sign-out, after a deletion.
//!
//! | life | what it means |
//! |---|---|
//! | 5 minutes | The default of the service and of this crate. Right for a chat to an agent of the user's own. |
//! | 1 to 2 minutes | For `read_agent` and `write_agent`, for agents that users share, and if a sign-out must count soon. A minter makes more calls: for an open page, about 75 an hour at 1 minute, and 15 at 5 minutes. The docs of `TokenMinterBuilder::lifetime` have the table. |
//! | 15 minutes and more | For a program that cannot come back for another token. Not for a page. |
//!
//! A wrong date can pass unseen: the published source ignores an expiry that it cannot parse, and gives five minutes; one in the
//! past makes a token that never works. This crate writes the date itself, refuses one in the past, and compares the answer with
//! what was asked for. If they differ, you get an [error](crate::Error::is_grant_mismatch) and no token.
//!
//! # What deleting does
//!
//! Deleting removes the service's record of the token. In the published source, a token that has been used is also in a
//! cache, which deleting does not clear. **Such a token may work until it expires.** A token that was never used stops at once.
//! The answer is the same for a token that never existed, so it does not tell whether there was one. See
//! [`Revocation`].
//!
//! Delete a token that you know to have leaked, and when a user signs out: it may help, and it costs little. But plan as if
//! it did not help.
//!
//! # What the origin does
//!
//! A token is made for an origin, `hostname` on the wire. The guide says that the token is bound to it. The published
//! source compares it with nothing. It only tells browsers that pages of this origin may read the answers (CORS), and a
//! request without an `Origin` header passes. So it keeps an honest page of another site away. It does not stop anybody who
//! writes a program.
//!
//! The published source refuses a `hostname` that ends with a slash. An [`Origin`](crate::Origin) never does.
//!
//! Cookies play no part in it: the token in the `Authorization` header says who asks.
//!
//! One fact of the published source may stop a page altogether: it lists `Authorization` as the only request header that
//! pages may send. With that, a browser does not let a page send JSON, which needs `Content-Type`. Reading works. `PATCH` is
//! not among the methods that it lists (`GET`, `POST`, `PUT`, `DELETE`), so a page cannot update an agent either. Whether
//! the service does so today is not known. If your page is stopped at the preflight, send messages by way of your own server.
//!
//! # What a refused holder sees
//!
//! In the published source, every refusal is a 401 with a `message`, whatever the reason: the token is unknown, expired or deleted,
//! or its policy does not allow the call. A holder cannot tell these apart. So a page that gets a 401 should ask for
//! another token **once**, repeat the call once, and then say that it has no access. A page that renews after each 401
//! never ends if the policy does not allow the call. A refused call was not carried out, so it is safe to repeat. The page
//! of the example `browser_chat` does this.
//!
//! # What the token itself says
//!
//! In the published source, a token is `ck-let-` and the base64 of the ID of your organization, a colon and a random UUID. So
//! **the page's user can read your organization's ID**. It is not a secret, and it gives no access. The UUID has 122 random
//! bits, which nobody can guess.
//!
//! Base64 has `+`, `/` and `=`. Encode the token if you put it into a URL. Better, do not put it there.
//!
//! # Listing
//!
//! A list has every token of the project with its secret, so it is as secret as the tokens. In the published source it has no
//! order, expired tokens are among the rest, and positions may shift between pages while tokens come and go. To delete all
//! tokens of an agent, collect the list first, delete then, and list again.
//!
//! # Sources
//!
//! | name | what it is |
//! |---|---|
//! | documented | The service's published API reference and guide. |
//! | published source | The service's own source, as published in 2025. It was read and not run, and it may have changed. |
//!
//! The crate `letta-api-emulator` is strict by default where the two differ. Its `TokenRules::published_2025()` makes it do what the
//! published source does, so that you can test your application with both.
//!
//! [`Preset::Chat`]: crate::policy::Preset::Chat
//! [`build_combined`]: crate::policy::PolicyBuilder::build_combined
//! [`Revocation`]: crate::Revocation
