//! The manifest of a crate that stands alone. What its code needs is read from that of letta-api.

use std::fmt::Write as _;

use toml::{Table, Value};

use super::Name;
use crate::diagnostic::Failure;
use crate::manifest::{BEGIN, END};

const WORKSPACE: &str = include_str!("../../../Cargo.toml");
const OURS: &str = include_str!("../../../letta-api/Cargo.toml");

/// What letta-api alone needs: fingerprints of the service's tokens.
const NOT_NEEDED: [&str; 1] = ["hmac-sha256"];

/// The key of the table that tells a crate that stands alone: `[package.metadata.codegen]`.
const MARK: &str = "stands-alone";

/// The features of the support code: what each is for, its name, and what it turns on.
const FEATURES: [(&str, &str, &str); 6] = [
    (
        "HTTP/2, and telling what a server refused over it.",
        "http2",
        "[\"reqwest/http2\", \"dep:h2\"]",
    ),
    ("TLS by rustls.", "rustls", "[\"reqwest/rustls\"]"),
    (
        "TLS by the platform's own library.",
        "native-tls",
        "[\"reqwest/native-tls\"]",
    ),
    (
        "`schemars::JsonSchema` for every generated type.",
        "schemars",
        "[\"dep:schemars\"]",
    ),
    (
        "A span for each call, by `tracing`.",
        "tracing",
        "[\"dep:tracing\"]",
    ),
    (
        "Operations that upload files, as `multipart/form-data`.",
        "multipart",
        "[\"reqwest/multipart\", \"serde_json/raw_value\"]",
    ),
];

/// What a manifest that is there says.
#[derive(Debug)]
pub struct Kept {
    /// The name of its package.
    pub name: Option<String>,
    /// Whether it was begun here.
    pub stands_alone: bool,
    /// The dependencies that the code needs and that it lacks, as lines.
    pub lacks: Vec<String>,
    /// The features that the code names and that it lacks, as lines.
    pub lacks_features: Vec<String>,
    /// The names of all dependencies, those of tests and examples too.
    pub dependencies: Vec<String>,
}

/// The dependencies of the crate, by name.
fn dependencies() -> Result<Vec<(String, Table)>, Failure> {
    let read = |text: &str| -> Result<Table, Failure> {
        text.parse()
            .map_err(|_| unexpected("it cannot be read".to_owned()))
    };
    let (workspace, ours) = (read(WORKSPACE)?, read(OURS)?);
    let shared = workspace
        .get("workspace")
        .and_then(|it| it.get("dependencies"));
    let wanted = ours.get("dependencies").and_then(Value::as_table);
    let mut found = Vec::new();
    for (name, asked) in wanted.into_iter().flatten() {
        if !NOT_NEEDED.contains(&name.as_str()) {
            found.push((name.clone(), whole(name, asked, shared)?));
        }
    }
    Ok(found)
}

/// A dependency without the workspace.
fn whole(name: &str, asked: &Value, shared: Option<&Value>) -> Result<Table, Failure> {
    let unknown = || unexpected(format!("the dependency `{name}` has no version"));
    let base = match asked.get("workspace") {
        Some(_) => shared.and_then(|it| it.get(name)).ok_or_else(unknown)?,
        None => asked,
    };
    let mut whole = Table::new();
    let version = base.as_str().or_else(|| base.get("version")?.as_str());
    let version = version.ok_or_else(unknown)?;
    whole.insert("version".to_owned(), version.into());
    for key in ["default-features", "optional"] {
        if let Some(value) = asked.get(key).or_else(|| base.get(key)) {
            whole.insert(key.to_owned(), value.clone());
        }
    }
    let listed = |it: &Value| it.get("features").and_then(Value::as_array).cloned();
    let mut features = listed(base).unwrap_or_default();
    if asked.get("workspace").is_some() {
        features.extend(listed(asked).unwrap_or_default());
    }
    if !features.is_empty() {
        whole.insert("features".to_owned(), features.into());
    }
    Ok(whole)
}

/// The one that is for other platforms than a browser, with the name of its target.
fn of_platform() -> Result<(String, String, Table), Failure> {
    let fail = || unexpected("the dependencies of a platform are not found".to_owned());
    let (workspace, ours): (Table, Table) = match (WORKSPACE.parse(), OURS.parse()) {
        (Ok(workspace), Ok(ours)) => (workspace, ours),
        _ => return Err(fail()),
    };
    let targets = ours
        .get("target")
        .and_then(Value::as_table)
        .ok_or_else(fail)?;
    let (target, table) = targets.iter().next().ok_or_else(fail)?;
    let of_target = table.get("dependencies").and_then(Value::as_table);
    let (name, asked) = of_target.and_then(|it| it.iter().next()).ok_or_else(fail)?;
    let shared = workspace
        .get("workspace")
        .and_then(|it| it.get("dependencies"));
    Ok((target.clone(), name.clone(), whole(name, asked, shared)?))
}

/// The names of all dependencies, which the crate may not be called like.
pub(super) fn names() -> Result<Vec<String>, Failure> {
    let mut names: Vec<String> = dependencies()?.into_iter().map(|(name, _)| name).collect();
    names.push(of_platform()?.1);
    names.push("tokio".to_owned());
    Ok(names)
}

/// A dependency as a line.
fn line(name: &str, asked: &Table) -> String {
    let part = |(key, value): (&String, &Value)| format!("{key} = {}", shown(value));
    let parts: Vec<String> = asked.iter().map(part).collect();
    match asked.len() {
        1 => format!("{name} = {}", shown(&asked["version"])),
        _ => format!("{name} = {{ {} }}", parts.join(", ")),
    }
}

/// A value as TOML. Texts and truth values are written as JSON has them.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(shown).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Boolean(it) => it.to_string(),
        other => serde_json::Value::from(other.as_str().unwrap_or_default()).to_string(),
    }
}

/// The manifest of a new crate, with no features of the description yet.
pub(super) fn begun(name: &Name, service: &str) -> Result<String, Failure> {
    let workspace: Table = WORKSPACE
        .parse()
        .map_err(|_| unexpected("it cannot be read".to_owned()))?;
    let package = |key: &str| {
        let found = workspace.get("workspace").and_then(|it| it.get("package"));
        let found = found.and_then(|it| it.get(key)).and_then(Value::as_str);
        found.ok_or_else(|| unexpected(format!("the workspace has no `{key}`")))
    };
    let description = shown(&Value::from(format!("Client for {service}")));
    let features = FEATURES.map(|(doc, name, value)| format!("## {doc}\n{name} = {value}\n"));
    let features = features.concat();
    let (edition, rust) = (package("edition")?, package("rust-version")?);
    let mut text = format!(
        "# Begun by `cargo xtask codegen`, and yours from now on. Of this file, it writes the features between two lines, and nothing else.\n\
         [package]\n\
         name = \"{}\"\n\
         version = \"0.1.0\"\n\
         edition = \"{edition}\"\n\
         rust-version = \"{rust}\"\n\
         description = {description}\n\
         # The licence is your choice. {} says what holds for the support code.\n\
         # license = \"… AND (MIT OR Apache-2.0)\"\n\
         readme = \"README.md\"\n\
         \n\
         # By this, `cargo xtask codegen` knows that it keeps all of src/.\n\
         [package.metadata.codegen]\n\
         {MARK} = true\n\
         \n\
         [package.metadata.docs.rs]\n\
         all-features = true\n\
         \n\
         [features]\n\
         default = [\"full\", \"http2\", \"rustls\"]\n\
         {features}\
         {BEGIN}\n{END}\n\
         \n\
         [dependencies]\n",
        name.as_str(),
        super::LICENSE_NOTE,
    );
    for (name, asked) in dependencies()? {
        let _ = writeln!(text, "{}", line(&name, &asked));
    }
    let (target, name, asked) = of_platform()?;
    let _ = write!(
        text,
        "\n[target.'{target}'.dependencies]\n{}\n\n[dev-dependencies]\n\
         tokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }}\n",
        line(&name, &asked),
    );
    Ok(text)
}

/// What a manifest that is there says of the crate.
///
/// # Errors
///
/// It cannot be read as a manifest, or does not say clearly whether the crate stands alone.
pub fn kept(path: &std::path::Path, text: &str) -> Result<Kept, Failure> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        Failure::Message(format!(
            "{}: this is not a manifest of cargo: {}",
            path.display(),
            error.message()
        ))
    })?;
    let package = table.get("package");
    let mark = package.and_then(|it| it.get("metadata")?.get("codegen")?.get(MARK));
    let stands_alone = match mark.map(|it| it.as_bool().ok_or(it)) {
        None => false,
        Some(Ok(it)) => it,
        Some(Err(other)) => {
            return Err(Failure::Message(format!(
                "{}: `{MARK}` in [package.metadata.codegen] is of type {}: write true or false",
                path.display(),
                other.type_str()
            )));
        }
    };
    let targets = table.get("target").and_then(Value::as_table);
    let holders: Vec<&Value> = targets.into_iter().flatten().map(|(_, it)| it).collect();
    let of = |key: &str| -> Vec<String> {
        let tables = holders.iter().map(|it| it.get(key));
        let tables = tables.chain([table.get(key)]).flatten();
        let names = tables.filter_map(Value::as_table).flat_map(Table::keys);
        names.cloned().collect()
    };
    let there = of("dependencies");
    let mut lacks = Vec::new();
    for (name, asked) in dependencies()? {
        if !there.contains(&name) {
            lacks.push(line(&name, &asked));
        }
    }
    let features = table.get("features").and_then(Value::as_table);
    let lacks_features = FEATURES
        .iter()
        .filter(|(_, name, _)| super::support::has_feature(name))
        .filter(|(_, name, _)| features.is_none_or(|it| !it.contains_key(*name)))
        .map(|(_, name, value)| format!("{name} = {value}"));
    let lacks_features = lacks_features.collect();
    Ok(Kept {
        name: package
            .and_then(|it| it.get("name"))
            .and_then(Value::as_str)
            .map(str::to_owned),
        stands_alone,
        lacks,
        lacks_features,
        dependencies: [there, of("dev-dependencies")].concat(),
    })
}

/// letta-api's manifest is not what this module knows.
fn unexpected(what: String) -> Failure {
    Failure::Message(format!(
        "the manifests of this workspace are not what that of a crate is made of: {what}\nSee xtask/src/standalone/manifest.rs."
    ))
}
