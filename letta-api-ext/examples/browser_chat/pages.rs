//! The pages and files for the browser. They are compiled into the program, but for a page in Rust: its scripts are read from a
//! folder when the program starts.

use std::ffi::OsStr;
use std::path::Path;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};

use letta_api_ext::token_endpoint::Problem;

use crate::App;
use crate::sessions::SignedIn;

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const WEBASSEMBLY: &str = "application/wasm";

/// What `chat.html` loads first.
const FIRST: &str = "/chat.js";

/// Path, content type, content.
type File = (&'static str, &'static str, &'static str);

/// What all pages look like.
const STYLE: [File; 2] = [
    (
        "/style.css",
        "text/css; charset=utf-8",
        include_str!("page/style.css"),
    ),
    ("/icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
];

/// The chat in JavaScript.
const SCRIPTS: [File; 8] = [
    ("/chat.js", JAVASCRIPT, include_str!("page/chat.js")),
    ("/access.js", JAVASCRIPT, include_str!("page/access.js")),
    ("/agent.js", JAVASCRIPT, include_str!("page/agent.js")),
    ("/events.js", JAVASCRIPT, include_str!("page/events.js")),
    ("/failure.js", JAVASCRIPT, include_str!("page/failure.js")),
    ("/history.js", JAVASCRIPT, include_str!("page/history.js")),
    ("/unsent.js", JAVASCRIPT, include_str!("page/unsent.js")),
    ("/view.js", JAVASCRIPT, include_str!("page/view.js")),
];

/// The files for the browser.
pub(crate) struct Files {
    files: Vec<(String, &'static str, Bytes)>,
    has_webassembly: bool,
}

impl Files {
    /// With the scripts of this folder, or with those in JavaScript.
    ///
    /// # Errors
    ///
    /// The folder cannot be read, or there is no page in it.
    pub(crate) fn new(folder: Option<&Path>) -> Result<Self, String> {
        let own = |(path, content_type, content): File| {
            let content = Bytes::from_static(content.as_bytes());
            (path.to_owned(), content_type, content)
        };
        let mut files = match folder {
            Some(folder) => scripts_of(folder)?,
            None => SCRIPTS.map(own).to_vec(),
        };
        files.extend(STYLE.map(own));
        let has_webassembly = files.iter().any(|(_, kind, _)| *kind == WEBASSEMBLY);
        Ok(Self {
            files,
            has_webassembly,
        })
    }

    /// Whether a browser must be allowed to compile WebAssembly.
    pub(crate) fn has_webassembly(&self) -> bool {
        self.has_webassembly
    }
}

/// The scripts of a folder, and what they load.
fn scripts_of(folder: &Path) -> Result<Vec<(String, &'static str, Bytes)>, String> {
    let failed = |path: &Path, error: std::io::Error| {
        format!("CHAT_PAGE: {} cannot be read: {error}", path.display())
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| failed(folder, error))? {
        let path = entry.map_err(|error| failed(folder, error))?.path();
        let content_type = match path.extension().and_then(OsStr::to_str) {
            Some("js") => JAVASCRIPT,
            Some("wasm") => WEBASSEMBLY,
            _ => continue,
        };
        let Some(name) = path.file_name().and_then(OsStr::to_str) else {
            continue;
        };
        let content = std::fs::read(&path).map_err(|error| failed(&path, error))?;
        files.push((format!("/{name}"), content_type, content.into()));
    }
    if !files.iter().any(|(path, ..)| path == FIRST) {
        return Err(format!(
            "CHAT_PAGE must be a folder with a page; there is no chat.js in {}. \
             `letta-api-ext/examples/browser_chat_rust/build FOLDER` makes one",
            folder.display()
        ));
    }
    Ok(files)
}

/// `GET /`.
pub(crate) async fn chat(signed_in: Result<SignedIn, Problem>) -> Response {
    match signed_in {
        Ok(_) => Html(include_str!("page/chat.html")).into_response(),
        Err(_) => Redirect::to("/sign-in").into_response(),
    }
}

/// `GET /sign-in`.
pub(crate) async fn sign_in(signed_in: Result<SignedIn, Problem>) -> Response {
    match signed_in {
        Ok(_) => Redirect::to("/").into_response(),
        Err(_) => Html(include_str!("page/sign-in.html")).into_response(),
    }
}

/// All other files.
pub(crate) async fn file(State(app): State<App>, uri: Uri) -> Response {
    let mut files = app.files.files.iter();
    match files.find(|(path, ..)| path == uri.path()) {
        Some((_, content_type, content)) => (
            [
                (header::CONTENT_TYPE, *content_type),
                (header::CACHE_CONTROL, "no-cache"),
            ],
            content.clone(),
        )
            .into_response(),
        None => Problem::new(StatusCode::NOT_FOUND, "There is nothing here.").into_response(),
    }
}
