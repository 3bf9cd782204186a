//! A copy of letta-api with other generated code, to be compiled.
#![allow(dead_code, reason = "tests and benchmarks use a part each")]

pub(crate) mod upstream;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;
use xtask::output::render::SourceText;
use xtask::output::write;
use xtask::split::Feature;

/// A workspace of letta-api alone.
pub(crate) struct Scratch {
    folder: TempDir,
}

impl Scratch {
    /// The crate's own sources around this code.
    pub(crate) fn new(files: &[SourceText], features: &[Feature]) -> Self {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let folder = TempDir::new().unwrap();
        let read = |path: &str| std::fs::read_to_string(workspace.join(path)).unwrap();

        let manifest = read("Cargo.toml");
        let start = manifest.find("members = [").unwrap();
        let end = start + manifest[start..].find(']').unwrap() + 1;
        let manifest = manifest.replace(&manifest[start..end], "members = [\"letta-api\"]");
        std::fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
        std::fs::write(folder.path().join("Cargo.lock"), read("Cargo.lock")).unwrap();

        let scratch = Self { folder };
        let package = scratch.package();
        std::fs::create_dir_all(&package).unwrap();
        std::fs::write(package.join("README.md"), read("letta-api/README.md")).unwrap();
        // The features that are on by default are those of another description.
        let manifest = read("letta-api/Cargo.toml");
        let default = manifest.lines().find(|line| line.starts_with("default = "));
        let manifest = manifest.replace(default.unwrap(), "default = []");
        std::fs::write(package.join("Cargo.toml"), manifest).unwrap();
        copy_written(&workspace.join("letta-api/src"), &package.join("src"));
        write::write(&package, files, features, None).unwrap();
        scratch
    }

    pub(crate) fn package(&self) -> PathBuf {
        self.folder.path().join("letta-api")
    }

    /// Asserts that a test of the crate passes, with these features of the crate and without warnings.
    #[track_caller]
    pub(crate) fn passes(&self, name: &str, source: &Path, features: &str) {
        let text = std::fs::read_to_string(source).unwrap();
        self.passes_text(name, &text, features);
    }

    /// As [`passes`](Self::passes), of a test with this source.
    #[track_caller]
    pub(crate) fn passes_text(&self, name: &str, text: &str, features: &str) {
        let tests = self.package().join("tests");
        std::fs::create_dir_all(&tests).unwrap();
        std::fs::write(tests.join(name).with_extension("rs"), text).unwrap();
        self.cargo(&["test", "--test", name], features);
    }

    /// Asserts that the crate compiles with these features, without warnings.
    #[track_caller]
    pub(crate) fn compiles_with(&self, features: &str) {
        self.cargo(&["check"], features);
    }

    /// Asserts that the generated code is documented without warnings, has no tests in its documentation, and is fine by
    /// clippy.
    #[track_caller]
    pub(crate) fn documents_cleanly(&self, features: &str) {
        self.cargo(&["doc", "--no-deps"], features);
        self.cargo(&["clippy"], features);
        // The crate's own documentation has tests, of another description.
        let run = self.run(&["test", "--doc"], features, &["src/generated"]);
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(said.contains("running 0 tests"), "{said}");
    }

    #[track_caller]
    fn cargo(&self, command: &[&str], features: &str) {
        let run = self.run(command, features, &[]);
        let message = String::from_utf8_lossy(&run.stderr);
        assert!(
            run.status.success() && message.is_empty(),
            "{command:?} with the features {features:?}:\n{}{message}",
            String::from_utf8_lossy(&run.stdout)
        );
    }

    fn run(&self, command: &[&str], features: &str, arguments: &[&str]) -> Output {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(command)
            .args(["--offline", "--quiet", "--no-default-features"])
            .args(["--package", "letta-api", "--features", features])
            .arg("--target-dir")
            // One for all, and kept for the next time: the crates below take most of the time.
            .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("generated"))
            .current_dir(self.folder.path())
            // Nobody debugs it, and it is built sooner.
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_PROFILE_TEST_DEBUG", "0");
        if !arguments.is_empty() {
            cargo.arg("--").args(arguments);
        }
        cargo.output().unwrap()
    }
}

/// Copies what is written by hand.
fn copy_written(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if name == "generated" || name == "generated.rs" {
            continue;
        }
        if path.is_dir() {
            copy_written(&path, &to.join(name));
        } else {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}
