//! The texts that the owner of the crate goes on with: its README, with a first call that compiles, and the same call as a program.

use std::fmt::Write as _;

use super::description::{Facts, Scheme, SchemeKind};
use super::first_call::FirstCall;
use super::{LICENSE_NOTE, Name};
use crate::markdown;

/// What stands before the table of credentials.
pub(super) const CREDENTIALS_TABLE: &str = "The description has these:";

/// The README.
pub(super) fn readme(name: &Name, facts: &Facts, call: Option<&FirstCall>) -> String {
    let service = markdown::docs(&facts.service).replace('\n', " ");
    let version = match facts.version.is_empty() {
        true => String::new(),
        false => format!(
            " (version {} of its description)",
            markdown::code(&facts.version)
        ),
    };
    let mut text = format!(
        "# {}\n\nA client for {service}{version}: a method for each operation, and a type for each schema. It was begun by `cargo xtask \
         codegen`, and is yours to edit.\n\n",
        name.as_str()
    );
    text += "```rust,no_run\n";
    for line in code(name, facts, call, false) {
        text += &line;
        text.push('\n');
    }
    text += "```\n\n";
    let _ = write!(
        text,
        "`cargo run --example first_call` runs it. Calls need a [tokio](https://tokio.rs) runtime. `cargo doc --open` shows all methods, and \
         `NAMES.txt` lists them.\n\n"
    );
    text += "## Credentials\n\n";
    text += &credentials(facts);
    text += "\n## Features\n\n\
        Each tag of the description is a feature. Only the operations of the features that are on are compiled, with the types that they \
        need.\n\n\
        | feature | default | what it adds |\n|---|---|---|\n\
        | `full` | yes | the operations of all tags |\n\
        | `http2` | yes | HTTP/2 |\n\
        | `rustls` | yes | TLS by rustls |\n\
        | `native-tls` | | TLS by the platform's own library |\n\
        | `multipart` | | operations that upload files |\n\
        | `tracing` | | a span for each call |\n\
        | `schemars` | | `schemars::JsonSchema` for the types |\n\n";
    text += "## What is written anew\n\n\
        The command that made the crate keeps it in step with the description. With `--check`, it changes nothing, and fails if something is \
        out of step.\n\n\
        | file | whose it is |\n|---|---|\n\
        | `src/`, `NAMES.txt`, `LICENSE-SUPPORT.md` | the generator's: do not edit |\n\
        | `Cargo.toml` | yours, except for the features between the two lines |\n\
        | `README.md`, `examples/` | yours. The Rust code in the README is compiled by `cargo test --doc` |\n\n\
        Code of your own goes into another crate, which depends on this one.\n\n";
    let _ = writeln!(
        text,
        "The licence of the code that is made of the description is yours to choose. [{LICENSE_NOTE}]({LICENSE_NOTE}) says what holds for the \
         rest."
    );
    text
}

/// The first call as a program.
pub(super) fn example(name: &Name, facts: &Facts, call: Option<&FirstCall>) -> String {
    let prefix = name.prefix();
    let mut text = format!(
        "//! A first call. `{prefix}_BASE_URL` says where the service is, if not at {}.\n",
        facts.url.0
    );
    let asks = facts.schemes.first().map(|it| &it.kind);
    match asks {
        None | Some(SchemeKind::ByHand(_)) => {}
        Some(SchemeKind::Basic) => {
            let _ = writeln!(
                text,
                "//! It needs `{prefix}_USER` and `{prefix}_PASSWORD`."
            );
        }
        Some(_) => {
            let _ = writeln!(text, "//! It needs `{}`.", key_variable(name));
        }
    }
    text.push('\n');
    for line in code(name, facts, call, true) {
        text += &line;
        text.push('\n');
    }
    text
}

/// The variable that holds the key: `MY_API_KEY`.
pub(super) fn key_variable(name: &Name) -> String {
    let prefix = name.prefix();
    let stem = prefix.strip_suffix("_API").unwrap_or(&prefix);
    format!("{stem}_API_KEY")
}

/// The lines of the first call, as a part of a README or as a program.
fn code(name: &Name, facts: &Facts, call: Option<&FirstCall>, is_program: bool) -> Vec<String> {
    let (prefix, url) = (name.prefix(), &facts.url.0);
    let (setup, transport, imports) = transport(name, facts, is_program);
    let mut imports: Vec<&str> = imports.to_vec();
    imports.push("Client");
    imports.sort_unstable();
    let mut body = setup;
    body.push("let http = reqwest::Client::builder()".to_owned());
    body.push("    .redirect(reqwest::redirect::Policy::none())".to_owned());
    body.push(
        "    .user_agent(concat!(env!(\"CARGO_PKG_NAME\"), \"/\", env!(\"CARGO_PKG_VERSION\")))"
            .to_owned(),
    );
    body.push("    .build()?;".to_owned());
    if !facts.url.1 {
        body.push("// The description does not say where the service is.".to_owned());
    }
    let parsed = match is_program {
        true => {
            body.push(format!(
                "let url = std::env::var(\"{prefix}_BASE_URL\").unwrap_or_else(|_| {url:?}.to_owned());"
            ));
            "url.parse()?".to_owned()
        }
        false => format!("{url:?}.parse()?"),
    };
    if transport.is_empty() {
        body.push(format!("let client = Client::new({parsed}, http);"));
    } else {
        body.push(format!("let client = Client::new({parsed}, http)"));
        body.push(format!("    {transport};"));
    }
    body.push(String::new());
    match call {
        Some(call) => {
            body.push(format!("// {}", call.operation));
            if let Some(what) = &call.to_fill {
                body.push(format!("// Put in {what}."));
            }
            body.extend(call.lines());
        }
        None => {
            let said = "// `NAMES.txt` lists the methods. Those that upload files need the feature `multipart`.";
            body.push(said.to_owned());
            body.push("println!(\"{}\", client.base_url());".to_owned());
        }
    }
    let imports = match imports.as_slice() {
        [one] => format!("use {}::{one};", name.ident()),
        several => format!("use {}::{{{}}};", name.ident(), several.join(", ")),
    };
    let mut lines = vec![imports, String::new()];
    if is_program {
        lines.push("#[tokio::main]".to_owned());
        lines.push("async fn main() -> Result<(), Box<dyn std::error::Error>> {".to_owned());
        lines.extend(body.into_iter().map(|line| match line.is_empty() {
            true => line,
            false => format!("    {line}"),
        }));
        lines.push("    Ok(())".to_owned());
        lines.push("}".to_owned());
    } else {
        lines.push("# async fn run() -> Result<(), Box<dyn std::error::Error>> {".to_owned());
        lines.extend(body);
        lines.push("# Ok(())".to_owned());
        lines.push("# }".to_owned());
    }
    lines
}

/// What the first scheme needs: lines before the client is made, the call behind it, and what is imported for both.
fn transport(
    name: &Name,
    facts: &Facts,
    is_program: bool,
) -> (Vec<String>, String, &'static [&'static str]) {
    let none = (Vec::new(), String::new(), &[][..]);
    let Some(scheme) = facts.schemes.first() else {
        return none;
    };
    let prefix = name.prefix();
    // The error alone does not say which variable is missing.
    let variable = |name: &str| match is_program {
        true => {
            format!("std::env::var({name:?}).map_err(|error| format!(\"{name}: {{error}}\"))?")
        }
        false => format!("std::env::var({name:?})?"),
    };
    let with = |made: String| format!(".with_transport({made})");
    let made = made(&scheme.kind);
    match scheme.kind {
        SchemeKind::ByHand(_) => none,
        SchemeKind::Basic => (
            vec![
                format!("let user = {};", variable(&format!("{prefix}_USER"))),
                format!(
                    "let password = {};",
                    variable(&format!("{prefix}_PASSWORD"))
                ),
            ],
            with(made),
            &["Credentials"],
        ),
        _ => (
            match is_program {
                true => vec![
                    format!("let key = {};", variable(&key_variable(name))),
                    "let key = ApiKey::new(key)?;".to_owned(),
                ],
                false => vec![format!(
                    "let key = ApiKey::new({})?;",
                    variable(&key_variable(name))
                )],
            },
            with(made),
            &["ApiKey", "Credentials"],
        ),
    }
}

/// The code that makes the credentials of a scheme.
fn made(kind: &SchemeKind) -> String {
    match kind {
        SchemeKind::Basic => "Credentials::basic(user, password)".to_owned(),
        SchemeKind::Bearer(_) => "Credentials::bearer(&key)".to_owned(),
        SchemeKind::Header(name) => {
            format!("Credentials::header(reqwest::header::HeaderName::from_static({name:?}), &key)")
        }
        SchemeKind::Query(name) => format!("Credentials::query({name:?}, &key)"),
        SchemeKind::Cookie(name) => format!("Credentials::cookie({name:?}, &key)"),
        SchemeKind::ByHand(_) => String::new(),
    }
}

/// The name of a scheme in the table.
pub(super) fn shown_name(name: &str) -> String {
    markdown::code(name).replace('|', "\\|")
}

/// What the description says of credentials, and the code for each.
fn credentials(facts: &Facts) -> String {
    if facts.schemes.is_empty() {
        return "The description names none. If the service asks for some, give the client `Credentials` by `with_transport`.\n".to_owned();
    }
    let mut text = format!(
        "They go with every call of a client, also of operations that need none. `Credentials::and` joins two. {CREDENTIALS_TABLE}\n\n\
         | scheme | code |\n|---|---|\n"
    );
    for Scheme { name, kind } in &facts.schemes {
        let said = match kind {
            SchemeKind::ByHand(what) => format!(
                "{}: by hand, in a `Transport` of your own or in the `reqwest::Client`",
                what.replace('|', "\\|")
            ),
            SchemeKind::Bearer(Some(what)) => format!(
                "`{}`, with a token that you get by {what}; this crate does not ask for one, and does not renew it",
                made(kind)
            ),
            kind => format!("`{}`", made(kind)),
        };
        let _ = writeln!(text, "| {} | {said} |", shown_name(name));
    }
    text
}
