//! Lists that come in pages, as streams of pages and of items.
//!
//! A generated method makes the request for the first page and names the list's [`Rule`]. The rest is here: `marks` reads of a page
//! what the next one is asked for with, `walk` decides what comes next, and `seen` notices a service that does not move on.

mod marks;
mod rule;
mod seen;
#[cfg(test)]
mod tests;
mod walk;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec::IntoIter;

use futures_core::Stream;
use reqwest::Request;
use serde::de::DeserializeOwned;

pub use self::rule::{Fill, Move, Order, Rule, Whole};
use self::walk::{Next, Walk};
use crate::response::InvalidPayload;
use crate::{BoxFuture, Client, Error, InvalidRequest, Operation, Response};
use crate::{ResponseValue, ServiceError};

/// A list as a stream of its pages, each with the status and headers of its answer. From a method `…_pages`.
///
/// A page is asked for when the stream is polled for it, and not before. A page is handed out as it came. To have single items,
/// in the order that was asked for, see [`items`](Self::items). Parameters that begin a list elsewhere, such as `after`, say where
/// the first page begins.
///
/// ```
/// # #[cfg(feature = "client-side-access-tokens")]
/// # async fn run(client: letta_api::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use letta_api::types::ListClientSideAccessTokensParams;
///
/// let params = ListClientSideAccessTokensParams::default().with_limit(100u32);
/// let mut tokens = client.list_client_side_access_tokens_pages(&params).items();
/// while let Some(token) = tokens.next().await {
///     println!("{}", token?.hostname);
/// }
/// # Ok(())
/// # }
/// ```
///
/// # How it ends
///
/// - If the service says that nothing follows, with the page that says so.
/// - Otherwise, with a page that has no items. A page that is shorter than the limit does not end it, since filters of the
///   service may shorten a page.
/// - With the first error. [`cursor`](Self::cursor) says where to go on.
///
/// A service that does not move on is an error: a page with an item that came before is not handed out. If the pages are counted by
/// position, items may move to a later page while the list is read. So only a page without a new item is an error there, and
/// [`items`](Self::items) leaves out those that came before.
///
/// What is remembered of a list is bounded: a hash for each of some ten thousand items. A service that goes back to the first page
/// or by up to eight pages is always noticed at once. In a longer list, one that goes back to another page is noticed later.
///
/// Dropping the stream drops a call that is under way. `Debug` shows nothing of the items.
#[must_use = "a stream does nothing until it is polled"]
pub struct Pages<P, T, E = ServiceError> {
    /// `None` if the request is invalid.
    list: Option<Box<List<E>>>,
    state: State<E>,
    take: fn(P) -> Vec<T>,
}

/// A list's items, one by one and each once. From [`Pages::items`].
///
/// The items come in the order that was asked for, also from a service whose pages run against it. A page is asked for once all items
/// of the one before are handed out. See [`Pages`] for how it ends.
#[must_use = "a stream does nothing until it is polled"]
pub struct Items<P, T, E = ServiceError> {
    pages: Pages<P, T, E>,
    page: IntoIter<T>,
    /// The cursor of the page whose items are handed out.
    cursor: Option<PageCursor>,
}

/// Where a list goes on: a parameter of the query, and its value. `Debug` does not show the value.
#[derive(Clone, PartialEq, Eq)]
pub struct PageCursor {
    parameter: &'static str,
    value: String,
}

/// What a list is asked with.
struct List<E> {
    client: Client,
    /// The request for the first page.
    first: Request,
    operation: &'static Operation,
    successes: &'static [u16],
    errors: &'static [u16],
    fetch: Fetch<E>,
    walk: Walk,
}

/// Sends a request, and reads the body of a documented success.
type Fetch<E> = fn(
    Client,
    Request,
    &'static Operation,
    &'static [u16],
    &'static [u16],
) -> BoxFuture<'static, Result<Response, Error<E>>>;

enum State<E> {
    /// The next page can be asked for.
    Ready,
    /// The next page is being asked for.
    Asking(BoxFuture<'static, Result<Response, Error<E>>>),
    /// No page can be asked for, for this reason.
    Refused(InvalidRequest),
    /// The request for the first page failed.
    Failed(Box<Error<E>>),
    End,
}

/// A page, and the indices of its items that came before.
type Page<P> = (ResponseValue<P>, Vec<usize>);

impl<P, T, E> Pages<P, T, E> {
    /// The list of these pages. `request` asks for the first one, and `take` gives a page's items.
    #[expect(clippy::too_many_arguments, reason = "generated code calls it")]
    pub(super) fn new(
        client: &Client,
        request: Result<Request, Error<E>>,
        operation: &'static Operation,
        successes: &'static [u16],
        errors: &'static [u16],
        fetch: Fetch<E>,
        rule: &'static Rule,
        take: fn(P) -> Vec<T>,
    ) -> Self {
        let begun = request.and_then(|mut first| {
            let walk = Walk::begin(rule, first.url_mut())?;
            Ok(Box::new(List {
                client: client.clone(),
                first,
                operation,
                successes,
                errors,
                fetch,
                walk,
            }))
        });
        let (list, state) = match begun {
            Ok(list) => (Some(list), State::Ready),
            Err(error) => (None, State::Failed(Box::new(error))),
        };
        Self { list, state, take }
    }

    /// The items of the pages, each once, in the order that was asked for.
    pub fn items(self) -> Items<P, T, E> {
        Items {
            cursor: self.cursor(),
            pages: self,
            page: Vec::new().into_iter(),
        }
    }

    /// Where the next page begins. After an error, it is the page that was not handed out: a call with this parameter goes on there.
    /// At the end, it is where the service would put what is added to the list. `None` if it is the first page, unless the caller
    /// has said where that begins.
    pub fn cursor(&self) -> Option<PageCursor> {
        let (parameter, value) = self.list.as_ref()?.walk.cursor()?;
        Some(PageCursor {
            parameter,
            value: value.to_owned(),
        })
    }
}

impl<P: DeserializeOwned, T, E> Pages<P, T, E> {
    /// The next page. `None` at the end, and after an error.
    ///
    /// # Errors
    ///
    /// Those of the method for one page. [`Error::InvalidPayload`] also if the service does not move on, and
    /// [`Error::InvalidRequest`] also if no other page can be asked for.
    pub async fn next(&mut self) -> Option<Result<ResponseValue<P>, Error<E>>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Page<P>, Error<E>>>> {
        loop {
            let mut asking = match std::mem::replace(&mut self.state, State::End) {
                State::Ready => match self.list.as_ref().map(|list| list.ask()) {
                    Some(Ok(asking)) => asking,
                    Some(Err(refused)) => {
                        self.state = State::Refused(refused);
                        continue;
                    }
                    None => return Poll::Ready(None),
                },
                State::Asking(asking) => asking,
                State::Refused(refused) => return Poll::Ready(Some(Err(refused.into()))),
                State::Failed(error) => return Poll::Ready(Some(Err(*error))),
                State::End => return Poll::Ready(None),
            };
            let Poll::Ready(response) = asking.as_mut().poll(context) else {
                self.state = State::Asking(asking);
                return Poll::Pending;
            };
            let Some(list) = &mut self.list else {
                return Poll::Ready(None);
            };
            let page = response.and_then(|response| list.read(response));
            return Poll::Ready(Some(page.map(|(page, next)| {
                self.state = match next {
                    Next::Page => State::Ready,
                    Next::End => State::End,
                    Next::Refused(refused) => State::Refused(refused),
                };
                page
            })));
        }
    }
}

impl<E> List<E> {
    /// Asks for the page at the cursor.
    fn ask(&self) -> Result<BoxFuture<'static, Result<Response, Error<E>>>, InvalidRequest> {
        let request = self.first.try_clone().ok_or_else(|| {
            InvalidRequest::whole("has a body that cannot be sent again for another page")
        });
        let mut request = request?;
        self.walk.write(request.url_mut());
        let client = self.client.clone();
        Ok((self.fetch)(
            client,
            request,
            self.operation,
            self.successes,
            self.errors,
        ))
    }

    /// Reads a page, and moves past it. If it is an error, the cursor stays.
    fn read<P: DeserializeOwned>(
        &mut self,
        response: Response,
    ) -> Result<(Page<P>, Next), Error<E>> {
        let marks = self.walk.marks(response.buffered_body());
        let step = match marks.map(|marks| self.walk.step(marks)) {
            Ok(Ok(step)) => step,
            Ok(Err(problem)) => {
                let payload = InvalidPayload::of_page(response, problem);
                return Err(Error::InvalidPayload(Box::new(payload)));
            }
            // The body is not JSON, and decoding it says where and why.
            Err(_) => walk::Step::unread(),
        };
        let page = super::call::decode(response)?;
        let before = step.before.clone();
        Ok(((page, before), self.walk.take(step)))
    }
}

impl<P: DeserializeOwned, T, E> Stream for Pages<P, T, E> {
    type Item = Result<ResponseValue<P>, Error<E>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let page = ready!(self.get_mut().poll_page(context));
        Poll::Ready(page.map(|page| page.map(|(page, _)| page)))
    }
}

impl<P, T, E> Items<P, T, E> {
    /// Where to go on, so that no item is lost. It is the page whose items are being handed out, until they all are: then it
    /// is the next one. See [`Pages::cursor`].
    pub fn cursor(&self) -> Option<PageCursor> {
        match self.page.len() {
            0 => self.pages.cursor(),
            _ => self.cursor.clone(),
        }
    }
}

impl<P: DeserializeOwned, T: Unpin, E> Items<P, T, E> {
    /// The next item. `None` at the end, and after an error.
    ///
    /// # Errors
    ///
    /// As [`Pages::next`].
    pub async fn next(&mut self) -> Option<Result<T, Error<E>>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<P: DeserializeOwned, T: Unpin, E> Stream for Items<P, T, E> {
    type Item = Result<T, Error<E>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(item) = this.page.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            this.cursor = this.pages.cursor();
            let (page, before) = match ready!(this.pages.poll_page(context)) {
                Some(Ok(page)) => page,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            };
            let mut items = (this.pages.take)(page.into_inner());
            let mut index = 0;
            // `before` is sorted.
            items.retain(|_| {
                index += 1;
                before.binary_search(&(index - 1)).is_err()
            });
            let list = this.pages.list.as_ref();
            if list.is_some_and(|list| list.walk.runs_backwards()) {
                items.reverse();
            }
            this.page = items.into_iter();
        }
    }
}

impl PageCursor {
    /// The name of the parameter, as the API description has it: `after`, for example.
    pub fn parameter(&self) -> &'static str {
        self.parameter
    }

    /// Its value: the ID of an item, a number, or what the service gave.
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl fmt::Debug for PageCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageCursor")
            .field("parameter", &self.parameter)
            .finish_non_exhaustive()
    }
}

impl<P, T, E> fmt::Debug for Pages<P, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").finish_non_exhaustive()
    }
}

impl<P, T, E> fmt::Debug for Items<P, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").finish_non_exhaustive()
    }
}
