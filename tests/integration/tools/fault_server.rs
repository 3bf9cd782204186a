//! The fault server by itself, over plain sockets: each fault is what it says.

use std::io::{ErrorKind, Read};
use std::time::{Duration, Instant};

use letta_api_tests::answer;
use letta_api_tests::fault_server::{ENDLESS_LIMIT, Fault, FaultServer, gzip_bomb, refused_url};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const REQUEST: &str = "POST /a HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody";
const KEPT: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Long enough for what is about to happen on loopback, were it to happen.
const MOMENT: Duration = Duration::from_millis(50);

async fn connect(server: &FaultServer) -> TcpStream {
    TcpStream::connect(server.addr()).await.unwrap()
}

/// A connection on which a request was sent.
async fn asked(server: &FaultServer) -> TcpStream {
    let mut stream = connect(server).await;
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    stream
}

/// What comes until the end, and how it ends.
async fn rest(stream: &mut TcpStream) -> (Vec<u8>, Result<(), ErrorKind>) {
    let mut bytes = Vec::new();
    let outcome = stream.read_to_end(&mut bytes).await;
    (bytes, outcome.map(|_| ()).map_err(|error| error.kind()))
}

/// Asserts that these bytes come, and then neither more nor an end.
async fn assert_stuck(stream: &mut TcpStream, come: &[u8]) {
    let mut bytes = vec![0; come.len()];
    stream.read_exact(&mut bytes).await.unwrap();
    assert_eq!(bytes, come);
    let more = tokio::time::timeout(MOMENT, stream.read(&mut [0])).await;
    assert!(more.is_err(), "{more:?}");
}

#[tokio::test]
async fn an_answer_ends_its_connection() {
    let said = answer("200 OK", "text/plain", "hello");
    let server = FaultServer::start([Fault::Answer(said.clone())]).await;
    let mut stream = asked(&server).await;
    assert_eq!(rest(&mut stream).await, (said.clone(), Ok(())));
    assert_eq!(server.requests(), [REQUEST]);
    assert_eq!(server.connections(), 1);
    assert_eq!(server.bytes_written(), said.len() as u64);
}

#[tokio::test]
async fn a_client_of_http_reads_the_answer() {
    let server = FaultServer::start([Fault::Answer(answer("200 OK", "text/plain", "hello"))]).await;
    let answer = reqwest::get(server.url()).await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "hello");
}

#[tokio::test]
async fn a_request_is_read_to_the_end_of_its_body() {
    let server = FaultServer::start([Fault::Answer(KEPT.to_vec())]).await;
    let mut stream = connect(&server).await;
    for part in ["POST / HTTP/1.1\r\ncontent-length: 3\r", "\n\r\na\u{e9}"] {
        assert_eq!(server.requests().len(), 0);
        stream.write_all(part.as_bytes()).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(rest(&mut stream).await.0, KEPT);
    assert!(server.requests()[0].ends_with("\r\n\r\na\u{e9}"));
}

#[tokio::test]
async fn a_request_that_is_cut_short_is_not_kept() {
    let server = FaultServer::start([Fault::Answer(KEPT.to_vec())]).await;
    let mut stream = connect(&server).await;
    stream.write_all(&REQUEST.as_bytes()[..30]).await.unwrap();
    drop(stream);
    server.closed_by_peer(1).await;
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_kept_connection_serves_two_requests_and_counts_once() {
    let server = FaultServer::start([Fault::AnswerKeepAlive(KEPT.to_vec())]).await;
    let mut stream = asked(&server).await;
    assert_stuck(&mut stream, KEPT).await;
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    assert_stuck(&mut stream, KEPT).await;
    assert_eq!(server.requests(), [REQUEST, REQUEST]);
    assert_eq!(server.connections(), 1);
    drop(stream);
    server.closed_by_peer(1).await;
}

#[tokio::test]
async fn two_requests_at_once_get_two_answers() {
    let script = [
        Fault::AnswerKeepAlive(b"first ".to_vec()),
        Fault::Answer(b"second".to_vec()),
    ];
    let server = FaultServer::start(script).await;
    let mut stream = connect(&server).await;
    let both = REQUEST.repeat(2);
    stream.write_all(both.as_bytes()).await.unwrap();
    assert_eq!(rest(&mut stream).await, (b"first second".to_vec(), Ok(())));
    assert_eq!(server.requests(), [REQUEST, REQUEST]);
}

#[tokio::test]
async fn an_idle_connection_takes_no_number() {
    let script = [
        Fault::AnswerKeepAlive(KEPT.to_vec()),
        Fault::Answer(b"second".to_vec()),
        Fault::ResetOnAccept,
    ];
    let server = FaultServer::start(script).await;
    let mut idle = asked(&server).await;
    assert_stuck(&mut idle, KEPT).await;
    assert_eq!(rest(&mut asked(&server).await).await.0, b"second");
    // The kept connection meets the next fault only now, with its request unread.
    idle.write_all(REQUEST.as_bytes()).await.unwrap();
    let reset = Err(ErrorKind::ConnectionReset);
    assert_eq!(rest(&mut idle).await, (Vec::new(), reset));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn the_last_fault_goes_on() {
    let script = ["a", "b", "c"].map(|said| Fault::Answer(said.into()));
    let server = FaultServer::start(script).await;
    let mut said = Vec::new();
    for _ in 0..5 {
        said.extend(rest(&mut asked(&server).await).await.0);
    }
    assert_eq!(said, b"abccc");
    assert_eq!((server.connections(), server.requests().len()), (5, 5));
}

#[tokio::test]
async fn a_reset_on_accept_reads_nothing() {
    let server = FaultServer::start([Fault::ResetOnAccept]).await;
    let mut stream = connect(&server).await;
    let reset = Err(ErrorKind::ConnectionReset);
    assert_eq!(rest(&mut stream).await, (Vec::new(), reset));
    assert_eq!((server.connections(), server.requests().len()), (1, 0));
}

#[tokio::test]
async fn a_reset_after_the_request_is_a_reset_and_keeps_the_request() {
    let server = FaultServer::start([Fault::ResetAfterRequest]).await;
    let reset = Err(ErrorKind::ConnectionReset);
    assert_eq!(rest(&mut asked(&server).await).await, (Vec::new(), reset));
    assert_eq!(server.requests(), [REQUEST]);
}

#[tokio::test]
async fn a_close_after_the_request_is_an_end_without_a_byte() {
    let server = FaultServer::start([Fault::CloseAfterRequest]).await;
    assert_eq!(rest(&mut asked(&server).await).await, (Vec::new(), Ok(())));
    assert_eq!(server.requests(), [REQUEST]);
    assert_eq!(server.bytes_written(), 0);
}

#[tokio::test]
async fn a_partial_answer_arrives_before_its_reset() {
    let server = FaultServer::start([Fault::AnswerThenReset(KEPT[..20].to_vec())]).await;
    let reset = Err(ErrorKind::ConnectionReset);
    assert_eq!(
        rest(&mut asked(&server).await).await,
        (KEPT[..20].to_vec(), reset)
    );
    assert_eq!(server.requests(), [REQUEST]);
}

#[tokio::test]
async fn a_hang_on_accept_reads_nothing_and_ends_with_the_peer() {
    let server = FaultServer::start([Fault::HangOnAccept]).await;
    let mut stream = asked(&server).await;
    assert_stuck(&mut stream, b"").await;
    assert_eq!((server.connections(), server.requests().len()), (1, 0));
    drop(stream);
    server.closed_by_peer(1).await;
}

#[tokio::test]
async fn a_hang_on_accept_leaves_no_room_for_a_long_request() {
    let server = FaultServer::start([Fault::HangOnAccept]).await;
    let mut stream = connect(&server).await;
    let long = vec![0; 32 * 1024 * 1024];
    let written = tokio::time::timeout(MOMENT, stream.write_all(&long)).await;
    assert!(written.is_err(), "{written:?}");
    // An orderly end would wait behind the bytes that found no room.
    stream.set_zero_linger().unwrap();
    drop(stream);
    server.closed_by_peer(1).await;
}

#[tokio::test]
async fn a_hang_after_an_answer_ends_with_the_peer() {
    for said in [&b""[..], b"HTTP/1.1 200 OK\r\n", KEPT] {
        let server = FaultServer::start([Fault::AnswerThenHang(said.to_vec())]).await;
        let mut stream = asked(&server).await;
        assert_stuck(&mut stream, said).await;
        assert_eq!(server.requests(), [REQUEST]);
        drop(stream);
        server.closed_by_peer(1).await;
    }
}

#[tokio::test]
async fn a_slow_answer_comes_in_pieces_with_pauses() {
    let pause = Duration::from_millis(30);
    let slowly = Fault::Slowly {
        answer: b"0123456".to_vec(),
        piece: 3,
        pause,
    };
    let server = FaultServer::start([slowly]).await;
    let start = Instant::now();
    let mut stream = asked(&server).await;
    // One after the other: a reader that is late finds several at once.
    assert_eq!(rest(&mut stream).await, (b"0123456".to_vec(), Ok(())));
    assert!(start.elapsed() >= pause * 2);
}

#[tokio::test]
async fn a_slow_answer_stops_when_the_peer_closes() {
    let slowly = Fault::Slowly {
        answer: vec![b'x'; 100],
        piece: 1,
        pause: Duration::from_secs(3600),
    };
    let server = FaultServer::start([slowly]).await;
    let mut stream = asked(&server).await;
    assert_stuck(&mut stream, b"x").await;
    drop(stream);
    server.closed_by_peer(1).await;
    assert_eq!(server.bytes_written(), 1);
}

#[tokio::test]
async fn an_endless_answer_stops_when_the_peer_closes() {
    let endless = Fault::Endless {
        head: b"head".to_vec(),
        chunk: b"chunk".repeat(1000),
    };
    let server = FaultServer::start([endless]).await;
    let mut stream = asked(&server).await;
    let mut read = vec![0; 1024 * 1024];
    stream.read_exact(&mut read).await.unwrap();
    assert!(read.starts_with(b"headchunkchunk"));
    drop(stream);
    server.closed_by_peer(1).await;
    let written = server.bytes_written();
    let least = read.len() as u64;
    // What the buffers held counts too.
    assert!((least..least * 5).contains(&written), "{written}");
    tokio::time::sleep(MOMENT).await;
    assert_eq!(server.bytes_written(), written);
}

#[tokio::test]
async fn an_endless_answer_waits_for_a_peer_that_does_not_read() {
    let endless = Fault::Endless {
        head: Vec::new(),
        chunk: vec![0; 64 * 1024],
    };
    let server = FaultServer::start([endless]).await;
    let stream = asked(&server).await;
    let mut written = 0;
    // Until it writes no more.
    while written == 0 || written != server.bytes_written() {
        written = server.bytes_written();
        tokio::time::sleep(MOMENT).await;
    }
    assert!(written < ENDLESS_LIMIT / 2, "{written}");
    drop(stream);
    server.closed_by_peer(1).await;
}

#[tokio::test]
async fn an_endless_answer_has_a_limit() {
    let endless = Fault::Endless {
        head: Vec::new(),
        chunk: vec![0; 1024 * 1024],
    };
    let server = FaultServer::start([endless]).await;
    let mut stream = asked(&server).await;
    let count = tokio::io::copy(
        &mut tokio::io::BufReader::with_capacity(1024 * 1024, &mut stream),
        &mut tokio::io::sink(),
    )
    .await;
    assert_eq!(count.unwrap(), ENDLESS_LIMIT);
    assert_eq!(server.bytes_written(), ENDLESS_LIMIT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_made_from_its_request_for_256_connections_at_once() {
    const COUNT: usize = 256;
    let server = FaultServer::start_with(|number, request| {
        Fault::Answer(format!("{number} {}", request.lines().next().unwrap()).into())
    })
    .await;
    // All are open before the first one asks.
    let mut streams = Vec::new();
    for _ in 0..COUNT {
        streams.push(connect(&server).await);
    }
    let mut tasks = tokio::task::JoinSet::new();
    for (index, mut stream) in streams.into_iter().enumerate() {
        tasks.spawn(async move {
            let line = format!("GET /{index} HTTP/1.1");
            let request = format!("{line}\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let (said, ended) = rest(&mut stream).await;
            assert_eq!(ended, Ok(()));
            (line, String::from_utf8(said).unwrap())
        });
    }
    for (line, said) in tasks.join_all().await {
        let number = said.strip_suffix(&line).unwrap().trim_end();
        let request = &server.requests()[number.parse::<usize>().unwrap()];
        assert!(request.starts_with(&line), "{number} {request}");
    }
    assert_eq!(server.connections(), COUNT);
    assert_eq!(server.requests().len(), COUNT);
}

#[tokio::test]
async fn a_fault_made_from_a_request_comes_after_it() {
    let server = FaultServer::start_with(|number, _| match number {
        0 => Fault::ResetOnAccept,
        _ => Fault::HangOnAccept,
    })
    .await;
    let reset = Err(ErrorKind::ConnectionReset);
    assert_eq!(rest(&mut asked(&server).await).await, (Vec::new(), reset));
    assert_stuck(&mut asked(&server).await, b"").await;
    assert_eq!(server.requests(), [REQUEST, REQUEST]);
    server.closed_by_peer(1).await;
}

#[tokio::test]
async fn what_the_server_closes_is_not_closed_by_the_peer() {
    let script = [Fault::CloseAfterRequest, Fault::AnswerThenHang(Vec::new())];
    let server = FaultServer::start(script).await;
    drop(asked(&server).await);
    let hung = asked(&server).await;
    let closed = tokio::time::timeout(MOMENT, server.closed_by_peer(1)).await;
    assert!(closed.is_err());
    drop(hung);
    server.closed_by_peer(1).await;
}

#[tokio::test]
async fn dropping_the_server_ends_its_connections_and_its_port() {
    let server = FaultServer::start([Fault::AnswerThenHang(KEPT.to_vec())]).await;
    let mut stream = asked(&server).await;
    assert_stuck(&mut stream, KEPT).await;
    let addr = server.addr();
    drop(server);
    assert_eq!(rest(&mut stream).await, (Vec::new(), Ok(())));
    let error = TcpStream::connect(addr).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn nothing_listens_at_a_refused_url() {
    let (one, other) = (refused_url(), refused_url());
    assert_ne!(one, other);
    for url in [one, other] {
        let addr = url.strip_prefix("http://").unwrap();
        let error = TcpStream::connect(addr).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    }
}

#[test]
fn a_gzip_bomb_inflates_to_its_size() {
    for megabytes in [0, 1, 16] {
        let bomb = gzip_bomb(megabytes);
        let size = megabytes * 1024 * 1024;
        assert!(bomb.len() < size / 900 + 100, "{}", bomb.len());
        let mut inflated = Vec::new();
        // Of a single member: a decoder that knows one only reads it all.
        flate2::bufread::GzDecoder::new(&bomb[..])
            .read_to_end(&mut inflated)
            .unwrap();
        assert_eq!(inflated.len(), size);
        assert!(inflated.iter().all(|byte| *byte == 0));
    }
}
