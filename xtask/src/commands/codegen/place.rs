//! The folder of `--out`: whether a crate can be made there, which one is there, and what comes after it was begun.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::Options;
use crate::diagnostic::Failure;
use crate::standalone::{self, Name};
use crate::told::{argument, word};
use crate::visible::visible;

/// The crate that has the generator's own headers.
const OURS: &str = "letta-api";

/// A crate to generate.
pub(super) struct Target {
    /// What is made of it, if all is. If not, all but the generated code is somebody's.
    pub(super) whole: Option<Whole>,
    /// Whether its description is ours.
    pub(super) is_ours: bool,
}

/// A crate that stands alone.
pub(super) struct Whole {
    pub(super) name: Name,
    pub(super) is_new: bool,
    /// The dependencies of the manifest that is there.
    pub(super) dependencies: Vec<String>,
}

/// Looks at what is there.
///
/// # Errors
///
/// No crate can be made there, or the one that is there cannot be kept in step.
pub(super) fn target(options: &Options) -> Result<Target, Failure> {
    check_folder(&options.out)?;
    if !options.check {
        check_workspace(&options.description, &options.out)?;
    }
    let manifest = options.out.join("Cargo.toml");
    let there = match std::fs::read_to_string(&manifest) {
        Ok(there) => Some(there),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => {
            return Err(Failure::Message(format!(
                "cannot read {}: {error}",
                manifest.display()
            )));
        }
    };
    let Some(there) = there else {
        return begun(options);
    };
    let kept = standalone::kept(&manifest, &there)?;
    if !kept.stands_alone {
        return match &options.name {
            None => Ok(Target {
                whole: None,
                is_ours: kept.name.as_deref() == Some(OURS),
            }),
            Some(_) => Err(Failure::Message(format!(
                "{} was not begun by `cargo xtask codegen`, so --name has no meaning there: name a folder without a crate with --out",
                manifest.display()
            ))),
        };
    }
    let has = kept.name.unwrap_or_default();
    if let Some(name) = options.name.as_ref().filter(|it| **it != has) {
        return Err(Failure::Message(format!(
            "the crate in {} is called `{}`, and --name says `{}`: leave --name out, or change the name in {}",
            options.out.display(),
            visible(&has),
            visible(name),
            manifest.display()
        )));
    }
    let lacks = [
        ("dependencies", kept.lacks),
        ("features", kept.lacks_features),
    ];
    let lacks = lacks.iter().filter(|(_, lines)| !lines.is_empty());
    let lacks = lacks.map(|(table, lines)| format!("add to [{table}]\n{}", lines.join("\n")));
    let lacks: Vec<String> = lacks.collect();
    if !lacks.is_empty() {
        return Err(Failure::Message(format!(
            "{} lacks what the code needs: {}",
            manifest.display(),
            lacks.join("\nand ")
        )));
    }
    Ok(Target {
        whole: Some(Whole {
            name: Name::new(&has)?,
            is_new: false,
            dependencies: kept.dependencies,
        }),
        is_ours: false,
    })
}

/// There is no crate yet.
fn begun(options: &Options) -> Result<Target, Failure> {
    if !options.begin {
        return Ok(Target {
            whole: None,
            is_ours: true,
        });
    }
    if options.check {
        check_workspace(&options.description, &options.out)?;
        return Err(Failure::Message(format!(
            "there is no crate in {}; this makes one:\n  {}",
            options.out.display(),
            command(options)
        )));
    }
    let folder = real(&options.out);
    let folder = folder.file_name().unwrap_or_default().to_string_lossy();
    Ok(Target {
        whole: Some(Whole {
            name: Name::new(options.name.as_deref().unwrap_or(&folder))?,
            is_new: true,
            dependencies: Vec::new(),
        }),
        is_ours: false,
    })
}

/// The command that writes the crate.
fn command(options: &Options) -> String {
    let inputs = inputs(options);
    let mut command = format!(
        "cargo xtask codegen {inputs} --out {}",
        argument(&options.out)
    );
    if let Some(name) = &options.name {
        command += &format!(" --name {}", word(name));
    }
    command
}

/// The description and its overlay, as arguments.
pub(super) fn inputs(options: &Options) -> String {
    let description = argument(&options.description);
    match &options.overlay {
        Some(overlay) => format!("{description} --overlay {}", argument(overlay)),
        None => description,
    }
}

/// A folder, or nothing yet.
fn check_folder(out: &Path) -> Result<(), Failure> {
    let fail = |problem: String| {
        let out = out.display();
        Err(Failure::Message(format!(
            "--out {out}: {problem}; name the folder of a crate, which is made if it is not there"
        )))
    };
    let parts = out.ancestors().filter(|it| !it.as_os_str().is_empty());
    for part in parts {
        let name = part.display();
        match std::fs::metadata(part) {
            Ok(there) if there.is_dir() => return Ok(()),
            Ok(_) => return fail(format!("{name} is a file")),
            Err(_) => {}
        }
        if let Ok(target) = std::fs::read_link(part) {
            let target = target.display();
            return fail(format!(
                "{name} is a symbolic link to {target}, which is not there"
            ));
        }
    }
    Ok(())
}

/// Keeps other descriptions out of the workspace of the generator: its crates are made of `openapi/`, and a new one could not be built there.
pub(in crate::commands) fn check_workspace(description: &Path, out: &Path) -> Result<(), Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let Some(root) = root.and_then(|it| it.canonicalize().ok()) else {
        return Ok(());
    };
    let is_ours = real(description).starts_with(root.join("openapi"));
    let place = real(out);
    // Benchmarks and tests put crates into the folder for what is built.
    let is_built = |it: &Path| it.components().any(|part| part.as_os_str() == "target");
    match place.strip_prefix(&root) {
        Ok(within) if !is_ours && !is_built(within) => Err(Failure::Message(format!(
            "--out {}: that is in the workspace of the generator, whose crates are made of its own description; name a place elsewhere, \
             such as {}",
            out.display(),
            argument(&PathBuf::from("..").join(place.file_name().unwrap_or_default()))
        ))),
        _ => Ok(()),
    }
}

/// A path without links, as far as there is something.
fn real(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut there = path.as_path();
    loop {
        if let Ok(real) = there.canonicalize() {
            let rest = path.strip_prefix(there).unwrap_or(Path::new(""));
            return real.join(rest);
        }
        match there.parent() {
            Some(parent) => there = parent,
            None => return path,
        }
    }
}

/// What comes after a crate was begun.
pub(super) fn next(options: &Options) -> String {
    let mut text = format!(
        "Next:\n  cd {}\n  cargo run --example first_call   # its first lines say which variables it needs\n  cargo doc --open",
        argument(&options.out)
    );
    let folder = real(&options.out);
    let above = folder.ancestors().skip(1).map(|it| it.join("Cargo.toml"));
    let workspace = above.into_iter().find(|it| {
        let text = std::fs::read_to_string(it).unwrap_or_default();
        text.lines().any(|line| line.trim_end() == "[workspace]")
    });
    if let Some(workspace) = workspace {
        // A member is named by its folder.
        let root = workspace.parent().unwrap_or(&folder);
        let member = folder.strip_prefix(root).unwrap_or(&folder);
        text += &format!(
            "\nThe folder is in the workspace of {}: add `{}` to its members there, or begin the crate elsewhere.",
            workspace.display(),
            member.display()
        );
    }
    visible(&text).into_owned()
}
