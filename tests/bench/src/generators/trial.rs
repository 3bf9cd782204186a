//! A generator's code of all cases, compiled together, and tried.
//!
//! All cases of a generator are modules of one program, so that what they depend on is built once and linked once. What does not
//! compile is told by the file that the compiler names, is left out, and the rest is built again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wait4::Wait4;

use crate::Result;
use crate::generators::cases::{Call, Case};
use crate::generators::folder;
use crate::generators::tools::{Ended, Tool};
use crate::packages::shared_target;
use crate::page::write;
use crate::section::workspace;

/// What a generator came to in a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Outcome {
    /// Its code did what is right in all checks.
    Right {
        /// How many checks there are.
        checks: usize,
    },
    /// In some, it did not.
    Wrong {
        /// How many checks there are.
        checks: usize,
        /// What it did in those.
        wrong: Vec<String>,
    },
    /// Its code compiles, and was not tried.
    NotChecked {
        /// Why.
        message: String,
    },
    /// Its code does not compile.
    DoesNotCompile {
        /// The first error.
        message: String,
    },
    /// It ended with an error.
    Refused {
        /// Its first line.
        message: String,
    },
    /// It panicked.
    Panicked {
        /// What it said.
        message: String,
    },
}

/// More rounds than were ever needed until all that is left compiles.
const ROUNDS: usize = 12;

/// Has a generator make code of all cases, and tries it.
///
/// # Errors
///
/// Where a program cannot be started, or what is left does not build.
pub fn run(tool: Tool, program: &Path, cases: &[Case]) -> Result<BTreeMap<String, Outcome>> {
    let mut trial = Trial::new(tool, "small")?;
    for case in cases {
        trial.generate(program, case)?;
    }
    trial.build()?;
    trial.try_all(cases)
}

pub(super) struct Trial {
    tool: Tool,
    folder: PathBuf,
    /// What is settled.
    outcomes: BTreeMap<String, Outcome>,
    /// Cases whose code is in the program.
    cases: BTreeSet<String>,
    /// Those of them whose values can be tried.
    values: BTreeSet<String>,
    /// Those that an adapter calls, with its text.
    adapters: BTreeMap<String, String>,
    /// Why a check of a case does not compile.
    unchecked: BTreeMap<String, String>,
    /// Its code is a whole description, and warnings about it count.
    is_whole: bool,
}

/// The name of a module.
fn module(case: &str) -> String {
    case.replace('-', "_")
}

impl Trial {
    pub(super) fn new(tool: Tool, of: &str) -> Result<Self> {
        // The same folder each time, so that the target folder does not grow.
        let folder = shared_target()
            .join("tmp/generators")
            .join(of)
            .join(tool.name());
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        Ok(Self {
            tool,
            folder,
            outcomes: BTreeMap::new(),
            cases: BTreeSet::new(),
            values: BTreeSet::new(),
            adapters: adapters(tool)?,
            unchecked: BTreeMap::new(),
            is_whole: false,
        })
    }

    /// What a generator or a compiler said, without the folders of this machine.
    pub(super) fn told(&self, message: &str) -> String {
        let root = workspace();
        let message = message
            .replace(&format!("{}/", self.folder.display()), "")
            .replace(&format!("{}/", root.display()), "");
        let plain: String = message
            .chars()
            .map(|it| if it.is_control() { ' ' } else { it })
            .collect();
        match plain.char_indices().nth(160) {
            Some((end, _)) => format!("{}…", &plain[..end]),
            None => plain,
        }
    }

    fn generate(&mut self, program: &Path, case: &Case) -> Result<()> {
        let description = self
            .folder
            .join("descriptions")
            .join(format!("{}.yaml", case.name));
        let mut text = case.description.clone();
        if case.right.also_3_1 && self.tool.needs_3_1() {
            text = text.replacen("openapi: 3.0.3", "openapi: 3.1.0", 1);
        }
        write(&description, &text)?;
        let out = self.out(&case.name);
        let outcome = match self.tool.generate(program, &description, &out)? {
            Ended::Generated => {
                self.place(&case.name, &out)?;
                self.cases.insert(case.name.clone());
                if !case.right.values.is_empty() {
                    self.values.insert(case.name.clone());
                }
                return Ok(());
            }
            Ended::Refused(message) => Outcome::Refused {
                message: self.told(&message),
            },
            Ended::Panicked(message) => Outcome::Panicked {
                message: self.told(&message),
            },
        };
        self.outcomes.insert(case.name.clone(), outcome);
        Ok(())
    }

    /// Where a generator writes the code of a case.
    pub(super) fn out(&self, case: &str) -> PathBuf {
        self.folder.join("made").join(case)
    }

    /// What the compiler says of code that is all of the program.
    pub(super) fn check_whole(mut self, case: &str) -> Result<Compiled> {
        self.place(case, &self.out(case))?;
        self.cases.insert(case.to_owned());
        self.is_whole = true;
        self.write()?;
        // What it depends on is built first, and not counted.
        let mut compiled = Compiled {
            errors: 0,
            warnings: 0,
            cpu_seconds: 0.0,
        };
        for turn in 0..2 {
            let path = self.folder.join("check.json");
            let said = std::fs::File::create(&path)?;
            let mut child = self
                .cargo("check")
                .stdout(said)
                .stderr(Stdio::null())
                .spawn()?;
            let used = child.wait4()?.rusage;
            compiled.cpu_seconds = (used.utime + used.stime).as_secs_f64();
            let said = std::fs::read_to_string(&path)?;
            let messages = said
                .lines()
                .filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let levels: Vec<Value> = messages
                .filter(|it| !it["message"]["spans"].as_array().is_none_or(Vec::is_empty))
                .map(|it| it["message"]["level"].clone())
                .collect();
            compiled.errors = levels.iter().filter(|it| *it == "error").count();
            compiled.warnings = levels.iter().filter(|it| *it == "warning").count();
            if turn == 0 {
                // So that it is compiled again, and nothing else.
                for file in self.roots(case) {
                    let text = std::fs::read_to_string(&file)?;
                    write(&file, &(text + "\n"))?;
                }
            }
        }
        Ok(compiled)
    }

    /// The files by which cargo sees that the code has changed.
    fn roots(&self, case: &str) -> Vec<PathBuf> {
        let name = module(case);
        let file = match self.tool {
            Tool::Ours => "letta-api/src/lib.rs".to_owned(),
            Tool::Ploidy => format!("cases/{name}/src/lib.rs"),
            _ => "src/main.rs".to_owned(),
        };
        vec![self.folder.join(file)]
    }

    /// Puts the code of a case where the program has it: in a folder `cases/MODULE`.
    fn place(&self, case: &str, out: &Path) -> Result<()> {
        let name = module(case);
        let to = match self.tool {
            Tool::Ours => self.folder.join("letta-api/src/cases"),
            Tool::Ploidy => self.folder.join("cases"),
            _ => self.folder.join("src/cases"),
        };
        let to = to.join(&name);
        match self.tool {
            Tool::Ours => {
                // A description has a crate for itself. Here, it has a module of the one crate.
                copy(&out.join("src"), &to, &|text| {
                    let module = format!("crate::cases::{name}");
                    text.replace("crate::types", &format!("{module}::types"))
                        .replace("crate::operations", &format!("{module}::operations"))
                        .replace(
                            "use crate::{operations, types};",
                            &format!("use {module}::{{operations, types}};"),
                        )
                })?;
                write(
                    &to.join("mod.rs"),
                    "mod generated;\npub use self::generated::{operations, types};\n",
                )
            }
            Tool::Ploidy => {
                copy(out, &to, &str::to_owned)?;
                let manifest = std::fs::read_to_string(to.join("Cargo.toml"))?;
                write(
                    &to.join("Cargo.toml"),
                    &manifest.replacen("\"made\"", &format!("\"made_{name}\""), 1),
                )
            }
            Tool::Progenitor => {
                copy(&out.join("src"), &to, &str::to_owned)?;
                Ok(std::fs::rename(to.join("lib.rs"), to.join("mod.rs"))?)
            }
            Tool::OpenapiToRust | Tool::Oas3Gen => copy(&out.join("src"), &to, &str::to_owned),
        }
    }

    /// Writes the program around the code, of what is left.
    fn write(&self) -> Result<()> {
        let from = folder();
        let package = match self.tool {
            Tool::Ours => self.folder.join("driver"),
            _ => self.folder.clone(),
        };
        let sources = package.join("src");
        write(
            &sources.join("main.rs"),
            &std::fs::read_to_string(from.join("driver/main.rs"))?,
        )?;
        let modules = || self.cases.iter().map(|case| module(case));
        let cases: String = match self.tool {
            Tool::Ours => "pub use letta_api::cases::*;\n".to_owned(),
            Tool::Ploidy => modules()
                .map(|it| format!("pub use made_{it} as {it};\n"))
                .collect(),
            // What is not used is not the generator's fault.
            _ if self.is_whole => modules()
                .map(|it| format!("#[allow(dead_code, unused_imports)]\npub mod {it};\n"))
                .collect(),
            _ => modules()
                .map(|it| format!("#[allow(warnings)]\npub mod {it};\n"))
                .collect(),
        };
        let path = sources.join(if self.tool == Tool::Ours || self.tool == Tool::Ploidy {
            "cases.rs"
        } else {
            "cases/mod.rs"
        });
        write(&path, &cases)?;

        let has = |case: &&String| self.cases.contains(*case);
        let mut adapters = String::new();
        let mut calls = String::new();
        for (case, text) in self.adapters.iter().filter(|(case, _)| has(case)) {
            let name = module(case);
            write(&sources.join("adapters").join(format!("{name}.rs")), text)?;
            adapters += &format!("pub mod {name};\n");
            calls += &format!(
                "        {case:?} => Box::pin(crate::adapters::{name}::call(url, argument)).await,\n"
            );
        }
        write(&sources.join("adapters/mod.rs"), &adapters)?;
        let mut checks = String::new();
        let mut values = String::new();
        for case in self.values.iter().filter(has) {
            let name = module(case);
            let types = if self.tool == Tool::Oas3Gen {
                ""
            } else {
                "types::"
            };
            let text = format!(
                "pub fn value(given: &str) -> crate::Outcome {{\n    crate::through::<crate::cases::{name}::{types}Thing>(given)\n}}\n"
            );
            write(&sources.join("checks").join(format!("{name}.rs")), &text)?;
            checks += &format!("mod {name};\n");
            values += &format!("        {case:?} => {name}::value(given),\n");
        }
        checks += &format!(
            "\npub fn value(case: &str, given: &str) -> Option<crate::Outcome> {{\n    Some(match case {{\n{values}        _ => return None,\n    }})\n}}\n\n\
             pub async fn call(case: &str, url: &str, argument: serde_json::Value) -> Option<crate::Outcome> {{\n    Some(match case {{\n{calls}        _ => return None,\n    }})\n}}\n"
        );
        write(&sources.join("checks/mod.rs"), &checks)?;
        self.write_manifests(&package)
    }

    fn write_manifests(&self, package: &Path) -> Result<()> {
        let (lock, dependencies) = match self.tool {
            Tool::Ours => {
                self.write_letta_api()?;
                (
                    workspace().join("Cargo.lock"),
                    include_str!("../../generators/driver/ours.toml").to_owned(),
                )
            }
            tool => {
                let lock = folder().join("locks").join(format!("{}.lock", tool.name()));
                let mut dependencies = match tool {
                    Tool::Progenitor => include_str!("../../generators/driver/progenitor.toml"),
                    Tool::OpenapiToRust => {
                        include_str!("../../generators/driver/openapi-to-rust.toml")
                    }
                    Tool::Ploidy => include_str!("../../generators/driver/ploidy.toml"),
                    _ => include_str!("../../generators/driver/oas3-gen.toml"),
                }
                .to_owned();
                if tool == Tool::Ploidy {
                    for case in &self.cases {
                        let name = module(case);
                        dependencies += &format!("made_{name} = {{ path = \"cases/{name}\" }}\n");
                    }
                }
                (lock, dependencies)
            }
        };
        let workspace = if self.tool == Tool::Ours {
            ""
        } else {
            "[workspace]\n\n"
        };
        let manifest = format!(
            "[package]\nname = \"driver\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n{workspace}{dependencies}"
        );
        write(&package.join("Cargo.toml"), &manifest)?;
        let to = self.folder.join("Cargo.lock");
        if !to.exists() && lock.exists() {
            std::fs::copy(lock, to)?;
        }
        Ok(())
    }

    /// letta-api, with a module for each case in place of its own generated code.
    fn write_letta_api(&self) -> Result<()> {
        let root = workspace();
        let package = self.folder.join("letta-api");
        let manifest = std::fs::read_to_string(root.join("Cargo.toml"))?;
        let start = manifest
            .find("members = [")
            .ok_or("Cargo.toml has no members")?;
        let end = start
            + manifest[start..]
                .find(']')
                .ok_or("Cargo.toml has no members")?
            + 1;
        let manifest = manifest.replace(
            &manifest[start..end],
            "members = [\"letta-api\", \"driver\"]",
        );
        write(&self.folder.join("Cargo.toml"), &manifest)?;
        if let Some(case) = self.cases.first() {
            // Operations without a tag have the same features in all.
            let made = self.folder.join("made").join(case).join("Cargo.toml");
            std::fs::copy(made, package.join("Cargo.toml"))?;
        }
        std::fs::copy(root.join("letta-api/README.md"), package.join("README.md"))?;
        let from = root.join("letta-api/src");
        for entry in std::fs::read_dir(&from)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_owned();
            if name == "generated" || name == "generated.rs" || name == "lib.rs" {
                continue;
            }
            copy(&path, &package.join("src").join(name), &str::to_owned)?;
        }
        let lib = std::fs::read_to_string(from.join("lib.rs"))?
            .replace("pub use crate::generated::{operations, types};\n", "")
            .replace(
                "\nmod generated;\n",
                "\n/// A module for each case.\npub mod cases;\n",
            );
        write(&package.join("src/lib.rs"), &lib)?;
        let cases: String = self
            .cases
            .iter()
            .map(|case| format!("/// A case.\npub mod {};\n", module(case)))
            .collect();
        write(&package.join("src/cases.rs"), &cases)
    }

    /// Builds the program, without what does not compile.
    fn build(&mut self) -> Result<()> {
        for _ in 0..ROUNDS {
            self.write()?;
            let output = self.cargo("build").stderr(Stdio::piped()).output()?;
            if output.status.success() {
                return Ok(());
            }
            let mut is_less = false;
            for line in String::from_utf8(output.stdout)?.lines() {
                let Ok(line) = serde_json::from_str::<Value>(line) else {
                    continue;
                };
                is_less |= line["message"]["level"] == "error" && self.leave_out(&line["message"]);
            }
            if !is_less {
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                return Err(
                    format!("the driver of {} does not build:\n{said}", self.tool.name()).into(),
                );
            }
        }
        Err(format!(
            "the driver of {} does not build in {ROUNDS} rounds",
            self.tool.name()
        )
        .into())
    }

    fn cargo(&self, subcommand: &str) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // Where the tests of xtask have built what ours needs.
        let target = if self.tool == Tool::Ours {
            "generated"
        } else {
            "rivals"
        };
        command
            .args([
                subcommand,
                "--package",
                "driver",
                "--keep-going",
                "--message-format",
                "json",
            ])
            .arg("--target-dir")
            .arg(shared_target().join("tmp").join(target))
            .current_dir(&self.folder)
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("RUSTC_WRAPPER", "");
        command
    }

    /// Leaves out the case or the check that an error is about. Returns whether it does.
    fn leave_out(&mut self, message: &Value) -> bool {
        let text = message["message"].as_str().unwrap_or_default().to_owned();
        let code = message["code"]["code"]
            .as_str()
            .map_or_else(String::new, |it| format!("{it}: "));
        let message_text = self.told(&format!("{code}{text}"));
        let mut files = Vec::new();
        named_files(&message["spans"], &mut files);
        for file in files {
            let name = |folder: &str| {
                let (_, rest) = file.split_once(folder)?;
                Some(rest.split(['/', '.']).next().unwrap_or(rest).to_owned())
            };
            let case_of = |name: &str| self.cases.iter().find(|case| module(case) == name).cloned();
            if let Some(case) = name("cases/").and_then(|it| case_of(&it)) {
                self.cases.remove(&case);
                self.outcomes.insert(
                    case,
                    Outcome::DoesNotCompile {
                        message: message_text,
                    },
                );
                return true;
            }
            for folder in ["checks/", "adapters/"] {
                let Some(case) = name(folder).and_then(|it| case_of(&it)) else {
                    continue;
                };
                let is_new = match folder {
                    "checks/" => self.values.remove(&case),
                    _ => self.adapters.remove(&case).is_some(),
                };
                if is_new {
                    self.unchecked.insert(case, message_text);
                    return true;
                }
            }
        }
        false
    }

    fn try_all(mut self, cases: &[Case]) -> Result<BTreeMap<String, Outcome>> {
        let order: Vec<Value> = cases
            .iter()
            .filter(|case| self.cases.contains(&case.name))
            .map(|case| {
                let values: Vec<String> = case.right.values.iter().map(|it| it.given.to_string()).collect();
                let calls = case.right.calls.iter().map(|it| {
                    json!({"argument": it.argument, "status": it.status, "type": it.media_type, "answer": it.answer})
                });
                json!({"name": case.name, "values": values, "calls": calls.collect::<Vec<_>>()})
            })
            .collect();
        let path = self.folder.join("order.json");
        write(&path, &Value::from(order).to_string())?;
        let target = if self.tool == Tool::Ours {
            "generated"
        } else {
            "rivals"
        };
        let program = format!("tmp/{target}/debug/driver{}", std::env::consts::EXE_SUFFIX);
        let mut command = Command::new(shared_target().join(program));
        command.arg(&path).stderr(Stdio::inherit());
        for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            command.env_remove(variable);
        }
        let output = command.output()?;
        if !output.status.success() {
            return Err(format!(
                "the driver of {} has failed: {}",
                self.tool.name(),
                output.status
            )
            .into());
        }
        let mut tried: BTreeMap<String, Vec<Tried>> = BTreeMap::new();
        for line in String::from_utf8(output.stdout)?.lines() {
            let one: Tried = serde_json::from_str(line)?;
            tried.entry(one.case.clone()).or_default().push(one);
        }
        for case in cases.iter().filter(|case| self.cases.contains(&case.name)) {
            let tried = tried.remove(&case.name).unwrap_or_default();
            let outcome = if tried.len() < case.checks() {
                let why = self.unchecked.get(&case.name).cloned();
                Outcome::NotChecked {
                    message: why.unwrap_or_else(|| "no adapter is written".to_owned()),
                }
            } else {
                let wrong: Vec<String> = tried
                    .iter()
                    .filter_map(|it| it.wrong(case))
                    .map(|it| self.told(&it))
                    .collect();
                let checks = case.checks();
                if wrong.is_empty() {
                    Outcome::Right { checks }
                } else {
                    Outcome::Wrong { checks, wrong }
                }
            };
            self.outcomes.insert(case.name.clone(), outcome);
        }
        Ok(self.outcomes)
    }
}

/// What the compiler said of code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Compiled {
    /// Its errors.
    pub errors: usize,
    /// Its warnings.
    pub warnings: usize,
    /// Processor time of a check of it alone.
    pub cpu_seconds: f64,
}

/// The files that an error is about, the innermost of a macro first.
fn named_files(spans: &Value, files: &mut Vec<String>) {
    let mut spans: Vec<&Value> = spans.as_array().into_iter().flatten().collect();
    spans.sort_by_key(|span| span["is_primary"] != true);
    for span in spans {
        let mut at = span;
        while at.is_object() {
            files.extend(at["file_name"].as_str().map(|it| it.replace('\\', "/")));
            at = &at["expansion"]["span"];
        }
    }
}

/// The adapters of a generator, `generators/adapters/NAME.rs`: a module for each case, by the case's name.
///
/// # Errors
///
/// Where the file cannot be read.
pub fn adapters(tool: Tool) -> Result<BTreeMap<String, String>> {
    let path = folder()
        .join("adapters")
        .join(format!("{}.rs", module(tool.name())));
    let text = std::fs::read_to_string(path)?;
    let mut adapters = BTreeMap::new();
    let mut name = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("pub mod ") {
            let module = rest.trim_end_matches(['{', ' ']);
            name = Some(module.replace('_', "-"));
        } else if line == "}" {
            name = None;
        } else if let Some(name) = &name {
            let text: &mut String = adapters.entry(name.clone()).or_default();
            *text += line.strip_prefix("    ").unwrap_or(line);
            text.push('\n');
        }
    }
    Ok(adapters)
}

/// What the driver prints.
#[derive(Debug, Deserialize)]
struct Tried {
    case: String,
    kind: String,
    index: usize,
    is_ok: bool,
    gives: Value,
    fails: Option<String>,
    got: Vec<String>,
}

impl Tried {
    /// What is wrong about it, if anything is.
    fn wrong(&self, case: &Case) -> Option<String> {
        match self.kind.as_str() {
            "value" => {
                let kept = &case.right.values[self.index];
                let given = &kept.given;
                if !self.is_ok {
                    return Some(format!(
                        "{given}: {}",
                        self.fails.as_deref().unwrap_or_default()
                    ));
                }
                let is_right = match &kept.kept[..] {
                    [] => same(given, &self.gives),
                    any => any.iter().any(|it| same(it, &self.gives)),
                };
                (!is_right).then(|| format!("{given} becomes {}", self.gives))
            }
            _ => self.wrong_call(&case.right.calls[self.index]),
        }
    }

    fn wrong_call(&self, call: &Call) -> Option<String> {
        let argument = &call.argument;
        let request = self.got.first().map(String::as_str);
        let line = request
            .and_then(|it| it.lines().next())
            .unwrap_or("no request");
        let line = line.trim_end_matches(" HTTP/1.1");
        let Some(sent) = &call.sent else {
            let is_right = self.got.is_empty() && !self.is_ok;
            return (!is_right).then(|| format!("{argument} sends `{line}`"));
        };
        let is_sent = sent.iter().any(|it| {
            if call.exact {
                it == line
            } else {
                same_line(it, line)
            }
        });
        if !is_sent {
            let error = self.fails.as_ref().filter(|_| request.is_none());
            let error = error.map_or_else(String::new, |it| format!(": {it}"));
            return Some(format!("{argument} sends `{line}`{error}"));
        }
        let (head, body) = request
            .and_then(|it| it.split_once("\r\n\r\n"))
            .unwrap_or_default();
        let headers = head
            .lines()
            .skip(1)
            .map(|line| match line.split_once(": ") {
                Some((name, value)) => format!("{}: {value}\n", name.to_lowercase()),
                None => format!("{line}\n"),
            });
        let text = headers.collect::<String>() + "\n" + &body.replace("\r\n", "\n");
        // Names of headers of a part may be written in either way.
        let text = text.replace("Content-Disposition", "content-disposition");
        if let Some(lacking) = call.holds.iter().find(|it| !text.contains(it.as_str())) {
            return Some(format!("the request lacks {lacking:?}"));
        }
        if call.body.as_ref().is_some_and(|wanted| wanted != body) {
            return Some(format!("{argument} sends the body {body:?}"));
        }
        if let Some(wanted) = &call.fails {
            let said = self.fails.as_deref();
            return match said {
                Some(said) if said.contains(wanted.as_str()) => None,
                Some(said) => Some(format!("an answer {wanted} gives `{said}`")),
                None => Some(format!("an answer {wanted} gives {}", self.gives)),
            };
        }
        match (&call.gives, &self.fails) {
            (None, _) => None,
            (Some(wanted), None) if same(wanted, &self.gives) => None,
            (Some(_), None) => Some(format!("the call gives {}", self.gives)),
            (Some(_), Some(error)) => Some(format!("the call fails: {error}")),
        }
    }
}

/// Whether two JSON values are the same. `1` and `1.0` are.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => {
            a == b || ((a.is_f64() || b.is_f64()) && a.as_f64() == b.as_f64())
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => one == other,
    }
}

/// Whether two lines ask for the same: the path as it is written, the pairs of the query as they are read.
fn same_line(one: &str, other: &str) -> bool {
    let parts = |line: &str| {
        let (path, query) = line.split_once('?').unwrap_or((line, ""));
        let pairs = query.split('&').filter(|it| !it.is_empty()).map(|pair| {
            let text = |text: &str| decoded(&text.replace('+', " "));
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (text(name), text(value))
        });
        (path.to_owned(), pairs.collect::<Vec<_>>())
    };
    parts(one) == parts(other)
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        let hex = more.get(..2).and_then(|it| std::str::from_utf8(it).ok());
        match hex.and_then(|it| u8::from_str_radix(it, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &more[2..];
            }
            _ => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Copies a file, or a folder with all in it.
fn copy(from: &Path, to: &Path, changed: &dyn Fn(&str) -> String) -> Result<()> {
    if !from.is_dir() {
        let text = std::fs::read_to_string(from)
            .map_err(|error| format!("{}: {error}", from.display()))?;
        return write(to, &changed(&text));
    }
    for entry in std::fs::read_dir(from)? {
        let path = entry?.path();
        copy(
            &path,
            &to.join(path.file_name().unwrap_or_default()),
            changed,
        )?;
    }
    Ok(())
}
