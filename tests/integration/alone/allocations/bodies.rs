//! How much memory the body of an answer takes, whatever pieces it comes in.
//!
//! Only the client is counted: the server runs on a thread of its own.

use std::future::Future;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use allocation_counter::{AllocationInfo, measure};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{StreamExt as _, stream};
use letta_api::{Response, types};
use letta_api_ext::{Error, Letta, LettaBuilder, RetryPolicy};
use letta_api_tests::configured;
use letta_api_tests::fault_server::{Fault, FaultServer, gzip_bomb};
use tokio::sync::oneshot;

/// What a call takes besides its body: the connection with the HTTP library's buffers, which are up to 400 KiB.
const CALL: u64 = 1024 * 1024;

const KIB: usize = 1024;
const MIB: usize = 1024 * 1024;

/// The length of an error's body that is read.
const ERROR_LIMIT: usize = 64 * KIB;

/// How an answer is cut.
#[derive(Clone, Copy, Debug)]
enum Framing {
    /// Chunks of this many bytes.
    Chunked(usize),
    /// With `content-length`, in writes of this many bytes.
    Length(usize),
    /// Neither, in writes of this many bytes: the end of the connection is the end of the body.
    UntilClosed(usize),
}

const PIECES: [usize; 6] = [1, 8, 100, 1_448, 8 * KIB, 64 * KIB];

/// A server on a thread of its own.
struct Server {
    url: String,
    _stop: oneshot::Sender<()>,
}

impl Server {
    fn start(fault: Fault) -> Self {
        let (url, started) = mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        std::thread::spawn(move || {
            block_on(async move {
                let server = FaultServer::start([fault]).await;
                url.send(server.url()).unwrap();
                stopped.await.ok();
            });
        });
        Self {
            url: started.recv().unwrap(),
            _stop: stop,
        }
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

/// An answer as the server is to write it.
fn fault(head: &str, body: &[u8], framing: Framing) -> Fault {
    let mut answer = format!("HTTP/1.1 {head}\r\n").into_bytes();
    match framing {
        Framing::Chunked(piece) => {
            answer.extend(b"transfer-encoding: chunked\r\n\r\n");
            for piece in body.chunks(piece) {
                write!(answer, "{:x}\r\n", piece.len()).unwrap();
                answer.extend(piece);
                answer.extend(b"\r\n");
            }
            answer.extend(b"0\r\n\r\n");
            Fault::Answer(answer)
        }
        Framing::Length(piece) | Framing::UntilClosed(piece) => {
            if let Framing::Length(_) = framing {
                write!(answer, "content-length: {}\r\n", body.len()).unwrap();
            }
            answer.extend(b"connection: close\r\n\r\n");
            answer.extend(body);
            if body.len() / piece > 100 {
                // The sockets cut it.
                return Fault::Answer(answer);
            }
            Fault::Slowly {
                answer,
                piece,
                pause: Duration::from_millis(1),
            }
        }
    }
}

/// A list without tokens, and a text beside it that makes it this long.
fn page(length: usize) -> Vec<u8> {
    let (begin, end) = (r#"{"tokens":[],"hasNextPage":false,"x":""#, r#""}"#);
    let text = "x".repeat(length - begin.len() - end.len());
    format!("{begin}{text}{end}").into_bytes()
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// A client that waits as long as a busy machine may take.
fn patient(url: &str, limit: usize) -> Letta {
    patiently(url, |builder| builder.response_body_limit(limit))
}

/// One that decompresses.
fn decompressing(url: &str, limit: usize) -> Letta {
    with_http(url, limit, reqwest::Client::builder().gzip(true))
}

/// One with an HTTP client of its own.
fn with_http(url: &str, limit: usize, http: reqwest::ClientBuilder) -> Letta {
    patiently(url, |builder| {
        let builder = builder.response_body_limit(limit);
        builder.http_client(http.build().unwrap())
    })
}

fn patiently(url: &str, configure: impl FnOnce(LettaBuilder) -> LettaBuilder) -> Letta {
    let long = Duration::from_secs(600);
    configured(url, |builder| {
        let builder = builder.deadline(long).attempt_timeout(long);
        configure(builder.retry(RetryPolicy::never()))
    })
}

/// Lists, and counts what that takes on this thread.
fn list(letta: &Letta) -> (Result<(), Error>, AllocationInfo) {
    let mut result = None;
    let counted = measure(|| {
        let list = async { letta.access_tokens().list().await.map(drop) };
        result = Some(block_on(list));
    });
    (result.unwrap(), counted)
}

/// A body of so many bytes is read, or given up, with no more than three times as much memory: a buffer, and one of
/// twice its size that takes its place.
#[track_caller]
fn assert_small(counted: &AllocationInfo, kept: usize, what: &dyn std::fmt::Debug) {
    let kept = kept as u64;
    assert!(
        counted.bytes_max <= 3 * kept + CALL,
        "{what:?}: {counted:?}"
    );
}

/// As long as a piece allows for within reason: each costs a system call at the server.
fn length(piece: usize, most: usize) -> usize {
    (5_000 * piece).clamp(100, most)
}

#[test]
fn a_body_takes_a_small_multiple_of_its_length_whatever_its_pieces() {
    for piece in PIECES {
        for framing in [
            Framing::Chunked(piece),
            Framing::Length(piece),
            Framing::UntilClosed(piece),
        ] {
            for length in [100, 12 * KIB, 40 * KIB, length(piece, 2 * MIB)] {
                let server = Server::start(fault("200 OK", &page(length), framing));
                let (result, counted) = list(&patient(&server.url, Response::BODY_LIMIT));
                result.unwrap_or_else(|error| panic!("{framing:?} {length}: {error}"));
                assert_small(&counted, length, &(framing, length));
            }
        }
    }
}

#[test]
fn a_body_past_the_limit_is_too_large_before_it_takes_more_memory_than_the_limit() {
    for piece in PIECES {
        for framing in [Framing::Chunked(piece), Framing::UntilClosed(piece)] {
            let limit = length(piece, 2 * MIB) / 2;
            for length in [limit + 1, 2 * limit] {
                let server = Server::start(fault("200 OK", &page(length), framing));
                let (result, counted) = list(&patient(&server.url, limit));
                let error = result.unwrap_err().to_string();
                let says = format!("longer than {limit} bytes");
                assert!(error.contains(&says), "{framing:?}: {error}");
                assert_small(&counted, limit, &(framing, limit, length));
            }
        }
    }
    // By default, too.
    let server = Server::start(fault("200 OK", &page(9 * MIB), Framing::Chunked(8 * KIB)));
    let (result, counted) = list(&patient(&server.url, Response::BODY_LIMIT));
    let error = result.unwrap_err().to_string();
    assert!(error.contains("longer than 8388608 bytes"), "{error}");
    assert_small(&counted, Response::BODY_LIMIT, &"the default");
}

#[test]
fn the_body_of_an_error_takes_no_more_than_its_own_limit() {
    for status in [400, 401] {
        for piece in PIECES {
            for framing in [
                Framing::Chunked(piece),
                Framing::Length(piece),
                Framing::UntilClosed(piece),
            ] {
                let message = r#"{"message":"no such key"}"#;
                let long = length(piece, 2 * MIB);
                for length in [message.len(), 12 * KIB, 40 * KIB, long] {
                    let mut body = message.as_bytes().to_vec();
                    body.resize(length.max(body.len()), b' ');
                    let head = format!("{status} X");
                    let server = Server::start(fault(&head, &body, framing));
                    let (result, counted) = list(&patient(&server.url, Response::BODY_LIMIT));
                    let error = result.unwrap_err();
                    assert_eq!(error.status().unwrap().as_u16(), status);
                    let message = (body.len() <= ERROR_LIMIT).then_some("no such key");
                    assert_eq!(error.message(), message, "{framing:?} {length}");
                    assert_small(&counted, length.min(ERROR_LIMIT), &(framing, length));
                }
            }
        }
    }
}

#[test]
fn a_compressed_body_takes_a_small_multiple_of_what_comes_out() {
    for status in ["200 OK", "401 X"] {
        for piece in [1, 8, 1_448, 64 * KIB] {
            for framing in [Framing::Chunked(piece), Framing::Length(piece)] {
                let length = 3 * MIB;
                let head = format!("{status}\r\ncontent-encoding: gzip");
                let server = Server::start(fault(&head, &gzip(&page(length)), framing));
                let (result, counted) = list(&decompressing(&server.url, 4 * MIB));
                let kept = match status {
                    "200 OK" => length,
                    _ => ERROR_LIMIT,
                };
                assert_eq!(result.is_ok(), status == "200 OK", "{framing:?}");
                assert_small(&counted, kept, &(status, framing));
            }
        }
    }
    for piece in [8, 1_448, 64 * KIB] {
        let head = "200 OK\r\ncontent-encoding: gzip";
        let server = Server::start(fault(head, &gzip_bomb(64), Framing::Chunked(piece)));
        let (result, counted) = list(&decompressing(&server.url, MIB));
        let error = result.unwrap_err().to_string();
        assert!(error.contains("longer than 1048576 bytes"), "{error}");
        assert_small(&counted, MIB, &piece);
    }
}

/// A server that speaks HTTP/2 and answers with a body in frames of this many bytes.
fn http2_server(status: u16, body: Vec<u8>, piece: usize) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                let body = Bytes::from(body.clone());
                tokio::spawn(async move {
                    let head = http::Response::builder().status(status).body(()).unwrap();
                    let mut stream = respond.send_response(head, false).unwrap();
                    let mut rest = body;
                    while !rest.is_empty() {
                        stream.reserve_capacity(piece.min(rest.len()));
                        // Room for as much as was asked for, or an end that the client wants.
                        let Some(Ok(room)) =
                            std::future::poll_fn(|context| stream.poll_capacity(context)).await
                        else {
                            return;
                        };
                        let frame = rest.split_to(room.min(piece).min(rest.len()));
                        if stream.send_data(frame, rest.is_empty()).is_err() {
                            return;
                        }
                    }
                });
            }
        });
    });
    url
}

#[test]
fn a_body_in_small_frames_takes_a_small_multiple_of_its_length() {
    // Frames that are not taken yet are h2's, which keeps a record of each, and ends a connection with too many.
    const FRAMES: u64 = 8 * MIB as u64;

    for piece in [1, 8, 100, 16 * KIB] {
        for (status, limit) in [(200, 4 * MIB), (200, 64 * KIB), (401, 4 * MIB)] {
            let length = length(piece, 2 * MIB).max(100 * KIB);
            let url = http2_server(status, page(length), piece);
            let http = reqwest::Client::builder().http2_prior_knowledge();
            let (result, counted) = list(&with_http(&url, limit, http));
            let kept = match status {
                200 => length.min(limit),
                _ => ERROR_LIMIT,
            };
            let is_ok = result.is_ok();
            assert!(!is_ok || (status, limit) == (200, 4 * MIB));
            assert!(is_ok || piece < KIB || (status, limit) != (200, 4 * MIB));
            let most = 3 * kept as u64 + CALL + FRAMES;
            assert!(
                counted.bytes_max <= most,
                "{piece} {status} {limit}: {counted:?}"
            );
        }
    }
}

#[test]
fn a_length_that_is_not_true_takes_no_memory() {
    for length in [8 * MIB, 4_000 * MIB, usize::MAX / 2] {
        // A second piece comes, and then the connection breaks.
        let mut answer =
            format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n").into_bytes();
        answer.resize(answer.len() + 12 * KIB, b'x');
        let server = Server::start(Fault::Slowly {
            answer,
            piece: KIB,
            pause: Duration::from_millis(2),
        });
        let (result, counted) = list(&patient(&server.url, usize::MAX));
        result.unwrap_err();
        assert_small(&counted, 12 * KIB, &length);
    }
}

/// Reads a body of pieces that are all there at once.
fn read(pieces: impl Iterator<Item = Bytes> + Send + 'static, limit: usize) -> AllocationInfo {
    let body = reqwest::Body::wrap_stream(stream::iter(pieces.map(Ok::<_, std::io::Error>)));
    let response = reqwest::Response::from(http::Response::new(body));
    let mut response = Response::from(response).with_body_limit(limit);
    measure(|| {
        block_on(response.buffer()).ok();
        drop(response);
    })
}

#[test]
fn a_first_note_in_an_answer_costs_one_allocation() {
    let server = Server::start(fault("200 OK", &page(100), Framing::Length(100)));
    block_on(async {
        let mut response = Response::from(reqwest::get(&server.url).await.unwrap());
        let counted = measure(|| assert!(response.insert_extension(1_u64).is_none()));
        assert_eq!(counted.count_total, 1, "{counted:?}");
        assert_eq!(response.extension(), Some(&1_u64));
    });
}

/// What the HTTP client noted is dropped with its map's contents, and the body is not kept by it.
#[test]
fn an_answer_takes_no_more_memory_for_its_notes_once_its_body_is_dropped() {
    const HEAD: u64 = 2 * KIB as u64;

    let body = Bytes::from(vec![b'x'; MIB]);
    let mut kept = None;
    let counted = measure(|| {
        let noted = vec![0_u8; MIB];
        let mut response = http::Response::new(reqwest::Body::from(body.to_vec()));
        response.extensions_mut().insert(noted);
        let mut response = Response::from(reqwest::Response::from(response)).with_body_limit(0);
        response.insert_extension(7_u8);
        assert!(block_on(response.buffer()).is_err());
        kept = Some(response);
    });
    assert_eq!(kept.unwrap().extension(), Some(&7_u8));
    assert!(counted.bytes_current < HEAD as i64, "{counted:?}");
}

#[test]
fn the_work_grows_as_the_body_does() {
    for piece in PIECES {
        let piece = Bytes::from(vec![b'x'; piece]);
        let counted = |count| {
            let pieces = std::iter::repeat_n(piece.clone(), count);
            read(pieces, usize::MAX)
        };
        for count in [2, 3, 64, 65, 66, 1_000, 20_000] {
            let all = count * piece.len();
            let once = counted(count);
            // Each buffer is twice as long as the one before, so that all are as long as the last two.
            let total = once.bytes_total - counted(0).bytes_total;
            assert!(total <= 4 * all as u64 + 1_024, "{count}: {once:?}");
            assert!(once.count_total <= 200, "{count}: {once:?}");
        }
    }
}

/// What is made of a body may be larger than the body: `0,` becomes a value of 72 bytes, in a list that has room for as many more.
/// It is no more than 150 times as large, and twice the body is twice the work.
#[test]
fn what_a_body_is_decoded_to_is_at_most_so_many_times_as_large() {
    let page = |policy: &str| {
        format!(
            r#"{{"tokens":[{{"token":"ck-let-1","hostname":"","expiresAt":"","policy":{policy}}}],"hasNextPage":false}}"#
        )
    };
    let access = r#"{"version":"1","data":[{"type":"agent","id":"agent-1","access":[MORE""]}]}"#;
    let unknown = r#"{"version":"1","data":[{"type":"other","more":[MORE[]]}]}"#;
    let entries = r#"{"version":"1","data":[MORE{}]}"#;
    for (policy, more) in [
        (access, r#""","#),
        (unknown, "[],"),
        (unknown, r#"{"":0},"#),
        (unknown, "0,"),
        (entries, "{},"),
        (entries, r#"{"":0},"#),
        (entries, r#"{"type":"agent"},"#),
    ] {
        let decoded = |length: usize| {
            let more = more.repeat(length / more.len());
            let body = page(&policy.replace("MORE", &more));
            let counted = measure(|| {
                let page =
                    letta_api::read_json::<types::ClientSideAccessTokenPage>(body.as_bytes());
                assert_eq!(page.unwrap().tokens.len(), 1);
            });
            let most = 150 * body.len() as u64;
            assert!(counted.bytes_max < most, "{policy} {more:.9}: {counted:?}");
            counted
        };
        let (one, four) = (decoded(128 * KIB), decoded(512 * KIB));
        assert!(
            four.count_total < 6 * one.count_total.max(100),
            "{one:?}, {four:?}"
        );
        assert!(four.bytes_total < 8 * one.bytes_total, "{one:?}, {four:?}");
    }
}

#[test]
fn a_limit_holds_to_the_byte() {
    for piece in PIECES {
        for limit in [0, 1, piece - 1, piece, piece + 1, 3 * piece, 10 * piece + 3] {
            for count in 0..12 {
                let pieces = std::iter::repeat_n(Bytes::from(vec![b'x'; piece]), count);
                let body =
                    reqwest::Body::wrap_stream(stream::iter(pieces.map(Ok::<_, std::io::Error>)));
                let response = Response::from(reqwest::Response::from(http::Response::new(body)));
                let read = block_on(response.with_body_limit(limit).bytes());
                match read {
                    Ok(body) => {
                        assert_eq!(body.len(), count * piece);
                        assert!(body.len() <= limit);
                    }
                    Err(error) => {
                        assert_eq!(error.limit(), Some(limit));
                        assert!(count * piece > limit);
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn pieces_that_are_all_there_at_once_do_not_keep_others_from_running() {
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = taken.clone();
    let pieces = stream::repeat(Bytes::from_static(b"x"))
        .take(100_000)
        .inspect(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        })
        .map(Ok::<_, std::io::Error>);
    let body = reqwest::Body::wrap_stream(pieces);
    let mut response = Response::from(reqwest::Response::from(http::Response::new(body)));
    let mut reading = std::pin::pin!(response.buffer());
    let mut before = 0;
    let mut turns = 0;
    std::future::poll_fn(|context| {
        let polled = reading.as_mut().poll(context);
        let now = taken.load(Ordering::Relaxed);
        assert!(now - before <= 256, "{} pieces in one turn", now - before);
        (before, turns) = (now, turns + 1);
        polled
    })
    .await
    .unwrap();
    assert!(turns > 100);
}
