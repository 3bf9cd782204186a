//! How floors are read: a use is found however it is written, and whatever is wrong is told.

use std::collections::BTreeSet;

use letta_api_floors::{Floors, Table};
use tempfile::TempDir;

/// A crate of these files.
fn source(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// What the floor `stage` uses.
fn used(floors: &Floors<'_>) -> BTreeSet<String> {
    floors.uses()["stage"].keys().cloned().collect()
}

/// A module of the crate for each name, empty.
fn root(names: &str, more: &str) -> String {
    let modules: String = names
        .split(' ')
        .map(|name| format!("mod {name} {{}}\n"))
        .collect();
    format!("{modules} mod stage; {more}")
}

#[test]
fn a_use_is_found_however_it_is_written() {
    let part = "
        use crate::load;
        use crate::{lint::{self, Rule}, model as m};
        use super::super::overlay::apply;
        use super::own;
        use ::split::Split;
        pub(in crate::drift) struct S(crate::split::Split);
        mod inner { use super::super::super::render::*; fn f() { super::super::g(); crate::write::write() } }
        fn f(it: impl crate::arrange::T) -> Vec<crate::lower::Lowered> { let _ = crate::generate::read; }
        #[serde(with = \"crate::time::text\")] struct T;
        #[cfg(test)] mod tests { use crate::nothing; }
        #[cfg(test)] use crate::nothing;
        #[cfg(doctest)] fn f() { crate::nothing() }
        #[cfg(all(test, unix))] use crate::nothing;
        impl S { #[cfg(test)] fn f() { crate::nothing() } }
        fn g() {
            #[cfg(test)] crate::nothing();
            #[cfg(test)] let it = it.map(|_| crate::nothing());
            #[cfg(any(test, fuzzing))] crate::fuzzed();
        }
    ";
    let names = "load lint model overlay split render write arrange lower generate time drift nothing fuzzed";
    let source = source(&[
        ("lib.rs", &root(names, "")),
        ("stage.rs", "mod part; #[cfg(test)] mod tests;"),
        ("stage/part.rs", part),
        ("stage/tests.rs", "use crate::nothing;"),
    ]);
    let expected = "load lint model overlay split render write arrange lower generate time fuzzed";
    let floors = Floors::of_source(source.path(), &[]);
    assert_eq!(
        used(&floors),
        expected.split(' ').map(str::to_owned).collect()
    );
}

/// A package that writes code has paths of other crates in its macros.
#[test]
fn a_use_in_a_macro_is_found_unless_the_package_writes_code() {
    let stage = "
        macro_rules! m { () => { $crate::load::it }; }
        fn f() { println!(\"{}\", [crate::lint::NAME]); }
    ";
    let source = source(&[("lib.rs", &root("load lint", "")), ("stage.rs", stage)]);
    let floors = Floors::of_source(source.path(), &[]);
    assert_eq!(used(&floors), ["lint", "load"].map(str::to_owned).into());
    assert_eq!(used(&floors.writes_code()), BTreeSet::new());
}

#[test]
fn a_name_of_the_root_is_that_of_the_floor_that_it_is_from() {
    let more = "
        pub use crate::error::{Error, Kind as ErrorKind};
        pub use self::ids::Id;
        pub use time::now;
        pub use another_crate::Other;
        pub struct Own;
        macro_rules! own { () => {} }
    ";
    let stage = "use crate::{Error, ErrorKind, Id, Other, Own, now, own};";
    let source = source(&[
        ("lib.rs", &root("error ids time", more)),
        ("stage.rs", stage),
    ]);
    let floors = Floors::of_source(source.path(), &[]);
    let expected = ["error", "ids", "lib", "time"].map(str::to_owned);
    assert_eq!(used(&floors), expected.into());
    let root: Vec<String> = floors.uses()["lib"].keys().cloned().collect();
    assert_eq!(root, ["error", "ids", "time"]);
}

#[test]
fn a_folder_has_floors_of_its_own() {
    let tokens = "pub use policy::Policy; pub struct Handle; mod minter; mod policy;";
    let minter = "use crate::tokens::{Handle, Policy, policy::Right}; use super::Policy as P; use crate::error::Error;";
    let source = source(&[
        ("lib.rs", "mod error {} mod tokens;"),
        ("tokens/mod.rs", tokens),
        ("tokens/minter.rs", minter),
        ("tokens/policy.rs", "use crate::error::Error;"),
    ]);
    let floors = Floors::of_source(source.path(), &[]).within("tokens");
    let uses = floors.uses();
    let of = |name: &str| uses[name].keys().cloned().collect::<Vec<_>>();
    assert_eq!(of("minter"), ["policy", "tokens"]);
    assert!(of("policy").is_empty());
    assert_eq!(of("tokens"), ["policy"]);
}

#[test]
fn whatever_is_wrong_is_told() {
    let lib = "mod error; mod stage; mod time; pub use error::*;";
    let files = [
        ("lib.rs", lib),
        ("main.rs", "fn main() {}"),
        ("error.rs", "use crate::time::Now; use crate::Unknown;"),
        ("stage.rs", "use crate::error::Error;"),
        ("time.rs", ""),
        ("dead.rs", ""),
    ];
    let source = source(&files);
    let table: Table<'_> = &[
        ("error", &["stage"]),
        ("error", &[]),
        ("stage", &["error", "time"]),
        ("gone", &[]),
    ];
    let problems = Floors::of_source(source.path(), table)
        .problems()
        .join("\n");
    for says in [
        "`Unknown` in",
        "dead.rs: delete it",
        "`error` uses `time`, in",
        "`time` is on no floor",
        "`error` may not use `stage`, which is not below it",
        "`error` is in the table twice",
        "`stage` does not use `time` any more",
        "there is no module `gone`",
    ] {
        assert!(problems.contains(says), "{says}\n{problems}");
    }
    assert!(!problems.contains("main.rs"), "{problems}");
}

#[test]
fn a_floor_may_use_less_than_it_may_if_it_varies() {
    let source = source(&[("lib.rs", "mod error {} mod stage {}")]);
    let table: Table<'_> = &[("error", &[]), ("stage", &["error"])];
    let floors = Floors::of_source(source.path(), table);
    assert_eq!(floors.problems().len(), 1);
    floors.varying(&["stage"]).check();
}

#[test]
fn a_picture_shows_the_highest_floor_first() {
    let table: Table<'_> = &[
        ("error", &[]),
        ("time", &[]),
        ("transport", &["error", "time"]),
    ];
    let floors = Floors::of("letta-api", table);
    assert_eq!(floors.picture(), "transport  error, time\ntime\nerror\n");
}
