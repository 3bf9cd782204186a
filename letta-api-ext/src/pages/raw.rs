//! Lists of the raw client, which know their cursors.

use futures_util::{TryStreamExt, stream};
use letta_api::ResponseValue;
use serde::de::DeserializeOwned;

use super::{Items, Pages};
use crate::error::{Error, Result};

/// A list of the raw client, or why it cannot begin.
pub(crate) type Begun<T, P = Vec<T>> = Result<letta_api::Pages<P, T>>;

impl<P: DeserializeOwned + letta_api::MaybeSend + 'static> Pages<P> {
    /// The pages of a list of the raw client.
    pub(crate) fn of_raw<T: letta_api::MaybeSend + 'static>(list: Begun<T, P>) -> Self {
        Self(match list {
            Ok(list) => Box::pin(list.map_ok(ResponseValue::into_inner).map_err(Error::from)),
            Err(error) => Box::pin(stream::iter([Err(error)])),
        })
    }
}

impl<T: DeserializeOwned + Unpin + letta_api::MaybeSend + 'static> Items<T> {
    /// The items of a list of the raw client.
    pub(crate) fn of_raw<P: DeserializeOwned + letta_api::MaybeSend + 'static>(
        list: Begun<T, P>,
    ) -> Self {
        Self(match list {
            Ok(list) => Box::pin(list.items().map_err(Error::from)),
            Err(error) => Box::pin(stream::iter([Err(error)])),
        })
    }
}

/// Refuses pages without room for an item: such a list would end at once, and look empty.
pub(crate) fn check_limit(limit: Option<i64>) -> Result<()> {
    match limit {
        Some(limit) if limit < 1 => {
            let rule = "must be at least 1";
            Err(Error::invalid_input_got("limit", rule, limit.to_string()))
        }
        _ => Ok(()),
    }
}

/// A request for a list: `send`, `pages` and `items`, and what all requests have.
///
/// The request must have the fields `call` and `params`, and the params a `limit`. The two expressions are the raw client's
/// calls for a page and for all pages. A page is a list of items, unless its type is named after `in`.
macro_rules! list {
    ($request:ident => $item:ty, |$list:ident, $api:ident| $page:expr, $pages:expr $(,)?) => {
        $crate::pages::raw::list!(
            $request => $item, in Vec<$item>, |$list, $api| $page, $pages
        );
    };
    ($request:ident => $item:ty, in $of:ty, |$list:ident, $api:ident| $page:expr, $pages:expr $(,)?) => {
        impl $request {
            /// Sends the request, and returns one page, in the order in which the service gives it.
            ///
            /// # Errors
            ///
            /// Before anything is sent: a [`limit`](Self::limit) below 1, or an ID that would name another resource. After
            /// that: any failure of the service or the network.
            pub async fn send(self) -> $crate::error::Result<$of> {
                $crate::pages::raw::check_limit(self.params.limit)?;
                let ($list, $api) = (&self, self.call.api());
                let outcome = $page.await;
                Ok($crate::client::answer::Answer::of(outcome)?.into_inner())
            }

            /// The first page and all that follow. Each is fetched when it is asked for, by a call with its own deadline.
            /// The stream ends after the first error.
            ///
            /// # Errors
            ///
            /// Those of [`send`](Self::send). Before anything is sent also: `before` or `after` is set, and is not what
            /// leads from page to page in this order. Also an [invalid response](crate::Error::is_invalid_response) if the service does not move
            /// on: a page with an item that came before.
            pub fn pages(self) -> $crate::Pages<$of> {
                $crate::Pages::of_raw(self.list())
            }

            /// All items from the first page on, one by one and each once. The errors are those of
            /// [`pages`](Self::pages). [`limit`](Self::limit) says how many are fetched at a time.
            pub fn items(self) -> $crate::Items<$item> {
                $crate::Items::of_raw(self.list())
            }

            fn list(&self) -> $crate::pages::raw::Begun<$item, $of> {
                $crate::pages::raw::check_limit(self.params.limit)?;
                let ($list, $api) = (self, self.call.api());
                Ok($pages)
            }
        }

        $crate::client::request::request!($request => $of);
    };
}
pub(crate) use list;
