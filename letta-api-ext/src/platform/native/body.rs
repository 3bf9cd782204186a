//! Bodies that are watched while they are sent.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use reqwest::Request;

/// The longest piece that is handed to the connection at once, in bytes.
const PIECE: usize = 64 * 1024;

/// Calls `moved` with the number of bytes of each piece of the body, when it is handed to the connection. The length of
/// the body stays known if it was.
pub(crate) fn watch(request: &mut Request, moved: impl Fn(u64) + Send + Sync + 'static) {
    if let Some(body) = request.body_mut().take() {
        *request.body_mut() = Some(reqwest::Body::wrap(Watched {
            body: Box::pin(body),
            rest: Bytes::new(),
            moved,
        }));
    }
}

struct Watched<F> {
    body: Pin<Box<reqwest::Body>>,
    /// What is left of a long piece.
    rest: Bytes,
    moved: F,
}

// Nothing in it is pinned in place.
impl<F> Unpin for Watched<F> {}

impl<F: Fn(u64)> Body for Watched<F> {
    type Data = Bytes;
    type Error = reqwest::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, reqwest::Error>>> {
        let watched = self.get_mut();
        while !watched.rest.has_remaining() {
            match ready!(watched.body.as_mut().poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => watched.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            }
        }
        let length = PIECE.min(watched.rest.len());
        let piece = watched.rest.split_to(length);
        (watched.moved)(length as u64);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, of_body) = (self.rest.len() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(of_body.lower().saturating_add(rest));
        if let Some(upper) = of_body.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use futures_util::FutureExt;
    use http_body_util::BodyExt;
    use reqwest::Method;

    use super::*;

    /// The pieces of a body, and what was told of them.
    fn pieces(body: reqwest::Body) -> (Vec<usize>, Vec<u64>) {
        let url = "https://api.letta.com/v1/x".parse().unwrap();
        let mut request = Request::new(Method::POST, url);
        *request.body_mut() = Some(body);
        let told = Arc::new(Mutex::new(Vec::new()));
        let tell = told.clone();
        watch(&mut request, move |count| tell.lock().unwrap().push(count));
        let mut body = request.body_mut().take().unwrap();
        let mut left = body.size_hint().exact();
        let mut lengths = Vec::new();
        while let Some(frame) = body.frame().now_or_never().unwrap() {
            let length = frame.unwrap().into_data().unwrap().len();
            lengths.push(length);
            left = left.map(|left| left - length as u64);
            assert_eq!(body.size_hint().exact(), left);
        }
        let told = told.lock().unwrap().clone();
        (lengths, told)
    }

    #[test]
    fn a_body_goes_out_in_pieces_of_64_kib_and_each_is_told() {
        let (lengths, told) = pieces(vec![b'x'; 150_000].into());
        assert_eq!(lengths, [65_536, 65_536, 18_928]);
        assert_eq!(told, [65_536, 65_536, 18_928]);
        let (lengths, told) = pieces(reqwest::Body::from(""));
        assert!(lengths.is_empty() && told.is_empty());
    }

    #[test]
    fn the_pieces_of_a_stream_stay_as_they_are_unless_they_are_long() {
        let stream = [
            Ok::<_, std::io::Error>(vec![b'x'; 10]),
            Ok(vec![]),
            Ok(vec![b'y'; 70_000]),
        ];
        let stream = futures_util::stream::iter(stream);
        let (lengths, told) = pieces(reqwest::Body::wrap_stream(stream));
        assert_eq!(lengths, [10, 65_536, 4_464]);
        assert_eq!(told, [10, 65_536, 4_464]);
    }
}
