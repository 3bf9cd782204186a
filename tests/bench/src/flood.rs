//! What the server reaches when it is sent more than it can answer.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use letta_api_bench_caller::plain::Create;
use letta_api_bench_caller::{API_KEY, ORIGIN};

use crate::Result;
use crate::section::Scale;

/// How many requests are on their way at the same time.
const AHEAD: usize = 64;

/// Requests per second that are answered when many are sent over one connection at a time, and the answers are counted
/// and not read.
///
/// # Errors
///
/// Where the server does not answer, or not always alike.
pub fn rate(url: &str, scale: &Scale) -> Result<f64> {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let body = serde_json::to_string(&Create::new())?;
    let request = format!(
        "POST /v1/client-side-access-tokens HTTP/1.1\r\nhost: {address}\r\norigin: {ORIGIN}\r\n\
         authorization: Bearer {API_KEY}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len(),
    );
    let length = length_of_answer(&mut stream, request.as_bytes())?;
    let requests = request.repeat(AHEAD);
    let mut answers = vec![0; length * AHEAD];
    let (began, mut count) = (Instant::now(), 0);
    while count == 0 || began.elapsed().as_secs_f64() < scale.turn * 8.0 {
        stream.write_all(requests.as_bytes())?;
        stream.read_exact(&mut answers)?;
        if !answers.starts_with(b"HTTP/1.1 201") {
            return Err("the server's answers are not all of the same length".into());
        }
        count += AHEAD;
    }
    Ok(count as f64 / began.elapsed().as_secs_f64())
}

fn length_of_answer(stream: &mut TcpStream, request: &[u8]) -> Result<usize> {
    stream.write_all(request)?;
    let (mut answer, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut part)?;
        if read == 0 {
            return Err("the server closed the connection".into());
        }
        answer.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length
            .ok_or("the server does not say how long its answer is")?
            .parse()?;
        if body.len() == length {
            return Ok(answer.len());
        }
    }
}
