//! `letta api`.

use std::path::Path;

use letta_api_ext::reqwest::header::{HeaderName, HeaderValue};
use letta_api_ext::reqwest::{Method, Url};

use crate::args::{ApiArgs, Format};
use crate::context::Context;
use crate::failure::Failure;
use crate::input;
use crate::output::Tree;

/// How much of an answer is looked at to tell what it is.
const LOOKED_AT: usize = 64;

pub(super) async fn run(args: ApiArgs, context: &Context) -> Result<(), Failure> {
    let method: Method = args.method.to_ascii_uppercase().parse().map_err(|_| {
        Failure::usage(format!("`{}` is not a method", args.method))
            .advise("Use GET, POST, PUT, PATCH or DELETE.")
    })?;
    let (path, query) = path_and_query(&args.path)?;
    let mut request = context.letta()?.request(method, path);
    request = request
        .with_deadline(args.timeout)
        .with_attempt_timeout(args.timeout);
    let query: Vec<(String, String)> = query.into_iter().chain(args.query).collect();
    if !query.is_empty() {
        request = request.query(&query);
    }
    if let Some(data) = &args.data {
        request = request.body(&args.content_type, input::text(data).await?);
    }
    let from_file = match &args.header_file {
        Some(path) => input::file(path).await?,
        None => String::new(),
    };
    let from_file = from_file.lines().filter(|line| !line.trim().is_empty());
    for line in args.headers.iter().map(String::as_str).chain(from_file) {
        let (name, value) = header(line)?;
        request = request.with_header(name, value);
    }

    let mut answer = request.stream().await?;
    if let Some(path) = &args.file {
        return to_file(path, answer, context).await;
    }
    let mut output = context.output();
    let mut bytes = Vec::new();
    // JSON is printed in the form that was asked for, which needs all of it. Anything else comes as it comes.
    while let Some(piece) = next(&mut answer).await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() >= LOOKED_AT && !may_be_json(&bytes) {
            output.bytes(&bytes)?;
            bytes.clear();
            while let Some(piece) = next(&mut answer).await? {
                output.bytes(&piece)?;
            }
        }
    }
    match serde_json::from_slice::<Tree>(&bytes) {
        Ok(tree) => match context.format() {
            Some(Format::Yaml) => output.yaml(&tree),
            _ => output.json(&tree),
        },
        Err(_) => output.bytes(&bytes),
    }
}

async fn next(
    answer: &mut letta_api_ext::letta_api::ByteStream,
) -> Result<Option<Vec<u8>>, Failure> {
    match answer.next().await {
        Some(Ok(piece)) => Ok(Some(piece.to_vec())),
        Some(Err(error)) => Err(letta_api_ext::Error::from(error).into()),
        None => Ok(None),
    }
}

fn may_be_json(bytes: &[u8]) -> bool {
    match bytes.trim_ascii_start().first() {
        Some(first) => b"{[\"-0123456789tfn".contains(first),
        None => true,
    }
}

async fn to_file(
    path: &Path,
    mut answer: letta_api_ext::letta_api::ByteStream,
    context: &Context,
) -> Result<(), Failure> {
    use std::io::Write as _;

    let failed = |error: std::io::Error| {
        Failure::other(format!("`{}` cannot be written: {error}", path.display()))
    };
    let mut file = std::fs::File::create(path).map_err(failed)?;
    while let Some(piece) = next(&mut answer).await? {
        file.write_all(&piece).map_err(failed)?;
    }
    context.note(format!("Wrote {}.", path.display()));
    Ok(())
}

type Pairs = Vec<(String, String)>;

fn path_and_query(path: &str) -> Result<(String, Pairs), Failure> {
    if ["ck-let-", "sk-let-"]
        .iter()
        .any(|secret| path.contains(secret))
    {
        return Err(Failure::usage(
            "the path has a secret, which other users of the machine can read",
        )
        .advise("To revoke a token, give it on the standard input: letta token revoke < FILE"));
    }
    let Some((path, query)) = path.split_once('?') else {
        return Ok((path.to_owned(), Pairs::new()));
    };
    let url = Url::parse(&format!("http://localhost/?{query}"))
        .map_err(|_| Failure::usage("the query of the path cannot be read"))?;
    let pairs = url.query_pairs();
    let pairs = pairs.map(|(name, value)| (name.into_owned(), value.into_owned()));
    Ok((path.to_owned(), pairs.collect()))
}

/// The value is not shown: it may be secret.
fn header(line: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let parts = line.split_once(':').and_then(|(name, value)| {
        let name: HeaderName = name.trim().parse().ok()?;
        let value: HeaderValue = value.trim().parse().ok()?;
        Some((name, value))
    });
    parts
        .ok_or_else(|| Failure::usage("a header cannot be read").advise("Write it as NAME: VALUE."))
}
