//! Ninth stage: the code is divided into files, one for each tag, and into features.
//!
//! An operation exists if the feature of any of its tags is on. A type exists if an operation does that
//! reaches it. A tag's file holds its operations and the types that no other tag reaches; the other types are in
//! `shared.rs`. A file that is too long is divided further by [`SourceFile::divide`].
//!
//! For example, `list_agents` has the tag `agents` and returns `AgentPage`, and `list_runs` has the tag `runs` and returns `RunPage`. Both
//! pages mention `Cursor`. Then this comes out:
//!
//! | file | holds | condition |
//! |---|---|---|
//! | `generated.rs` | `mod agents; mod runs; mod shared;` and what they export | |
//! | `generated/agents.rs` | `list_agents`, `LIST_AGENTS`, `AgentPage` | `feature = "agents"` |
//! | `generated/runs.rs` | `list_runs`, `LIST_RUNS`, `RunPage` | `feature = "runs"` |
//! | `generated/shared.rs` | `Cursor` | `any(feature = "agents", feature = "runs")` |

mod features;
mod index;
mod layout;
mod names;
mod reach;

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{
    Attribute, Expr, File, ImplItem, ImplItemFn, Item, ItemConst, ItemMod, Stmt, Visibility,
    parse_quote,
};

pub use features::Feature;
pub use layout::SourceFile;

use crate::diagnostic::Failure;
use crate::model::{self, Model};
use crate::naming::{
    ALL, OPERATIONS, SENSITIVE, SHARED, TYPES, UNTAGGED, is_type_name, module_name,
};
use crate::refine::Refined;
use crate::template::template;
use index::Index;
use layout::{CONSTANTS, MethodUnit, OWN_TYPES, TypeUnit};
use reach::{DEFAULTS, Part};

/// The code by files, and the features that turn it on.
#[derive(Debug)]
pub struct Split {
    /// The modules and what they export, and the list of all operations: `src/generated.rs`.
    pub root: File,
    /// The files below it.
    pub files: Vec<SourceFile>,
    /// The features of the description, by name.
    pub features: Vec<Feature>,
    /// What each method is for, by name, in a line each.
    pub methods: Vec<String>,
    /// What each type is, by name, in a line each.
    pub types: Vec<String>,
}

/// A method with its constant, and what turns them on.
struct Operation {
    method: ImplItemFn,
    /// What belongs to it and has no constant.
    more: Vec<ImplItemFn>,
    constant: ItemConst,
    /// The features of its tags, that of the first tag first.
    features: Vec<String>,
    /// Types that it needs and that its code does not mention.
    extra_types: Vec<String>,
    /// Its lines in the list of names, one for each method.
    lines: Vec<String>,
}

/// Divides the code.
///
/// # Errors
///
/// The code is not what this stage expects of the one before.
pub fn split(refined: Refined, model: &Model) -> Result<Split, Failure> {
    let operations = operations(refined.methods, refined.more, refined.constants, model)?;
    // Types first get the features that reach them. Only then is it known in which file each belongs.
    let (mut parts, mentions) = reach::parts(refined.types)?;
    reach::mark(&mut parts, &mentions, &operations)?;

    // Operations are in the description's order, types in that of their names. Then a small change of the description is a small diff.
    let mut all: Vec<TokenStream> = Vec::new();
    let method_names = operations.iter().flat_map(|it| it.lines.clone());
    let mut method_names: Vec<String> = method_names.collect();
    let mut type_names: Vec<String> = Vec::new();
    let mut files: BTreeMap<String, Draft> = BTreeMap::new();
    let mut index = Index::default();
    for operation in operations {
        let name = &operation.constant.ident;
        let features: BTreeSet<String> = operation.features.iter().cloned().collect();
        let attr = features::gate(&features);
        all.push(quote!(#attr &#name));
        // The first tag decides the file, even if the operation has others.
        let file = operation.features.into_iter().next().unwrap_or_default();
        index.add(&file, &features, &operation.method);
        let more = operation.more.iter();
        for method in more.filter(|it| matches!(it.vis, Visibility::Public(_))) {
            index.add(&file, &features, method);
        }
        let draft = files.entry(file).or_default();
        draft.features.extend(features.iter().cloned());
        let methods = [operation.method].into_iter().chain(operation.more);
        draft
            .methods
            .push((features, methods.collect(), operation.constant));
    }
    let mut shared = Vec::new();
    let mut defaults = Vec::new();
    for (name, part) in parts {
        if let Some(function) = name
            .strip_prefix(DEFAULTS)
            .and_then(|it| it.strip_prefix("::"))
        {
            debug_assert!(!function.is_empty());
            // typify adds a function for the default of a fraction, and nothing calls it.
            if mentions.values().any(|it| it.contains(&name)) {
                defaults.push(part);
            }
            continue;
        }
        // A part that one feature reaches goes into that feature's file, unless it is a helper module. No features at all means
        // that only `full` turns it on.
        let mut features = part.features.iter();
        let own = match (features.next(), features.next()) {
            (Some(only), None) if is_type_name(&name) => Some(only.clone()),
            _ => None,
        };
        let module = own.as_deref().map_or(SHARED.to_owned(), module_name);
        type_names.extend(names::of_type(&name, &part.items, &module, model));
        match own {
            Some(only) => files.entry(only).or_default().types.push(part),
            None => shared.push(part),
        }
    }

    // Each tag's module exists if any of its operations does. Its constants and types are exported from the common modules, so that users
    // see one `types` and one `operations`, whatever the files are.
    let mut source_files = Vec::new();
    let mut modules: Vec<Item> = Vec::new();
    let mut types: Vec<Item> = Vec::new();
    let mut constants: Vec<Item> = Vec::new();
    for (feature, draft) in files {
        let gate = features::gate(&draft.features);
        let module = format_ident!("{}", module_name(&feature));
        let (own, own_constants) = (format_ident!("{OWN_TYPES}"), format_ident!("{CONSTANTS}"));
        modules.push(parse_quote!(#gate mod #module;));
        constants.push(parse_quote!(#gate pub use super::#module::#own_constants::*;));
        if !draft.types.is_empty() {
            let gate = features::gate(&BTreeSet::from([feature.clone()]));
            types.push(parse_quote!(#gate pub use super::#module::#own::*;));
        }
        source_files.push(draft.file(&feature));
    }
    if !shared.is_empty() || !defaults.is_empty() {
        let module = format_ident!("{SHARED}");
        modules.push(parse_quote!(mod #module;));
        types.push(parse_quote!(pub use super::#module::*;));
        source_files.push(shared_file(shared, defaults)?);
    }

    // The list of all operations has a condition for each, so that it holds those that are compiled.
    let list = format_ident!("{ALL}");
    let all_features = features::all(model);
    let index = index.attributes(&all_features);
    let (all_types, all_operations) = (format_ident!("{TYPES}"), format_ident!("{OPERATIONS}"));
    let secret = format_ident!("{SENSITIVE}");
    let secrets = sensitive(model);
    let root = syn::parse2(quote! {
        #![doc = " The generated client: the modules by tags, and what they export."]

        #(#modules)*

        /// The types that operations take and give.
        pub mod #all_types {
            #index
            #(#types)*
        }

        /// The operations, as a [`Transport`](crate::Transport) gets them.
        pub mod #all_operations {
            use crate::Operation;
            #(#constants)*

            /// Every operation of the features that are on, in the description's order.
            pub const #list: &[&Operation] = &[#(#all),*];

            /// The names of members and parameters of requests that may hold secrets, whatever
            /// features are on. What a service repeats of a request may be searched for them.
            pub const #secret: &[&str] = &[#(#secrets),*];
        }
    })
    .map_err(|error| unexpected(&format!("the modules do not parse: {error}")))?;

    method_names.sort();
    type_names.sort();
    Ok(Split {
        root,
        files: source_files,
        features: all_features,
        methods: method_names,
        types: type_names,
    })
}

/// The names of all that is sent and marked sensitive, each once. A name that is plain elsewhere says nothing, and is left out.
fn sensitive(model: &Model) -> BTreeSet<&str> {
    let sent = || model.schemas.values().filter(|it| it.uses.request);
    let plain: BTreeSet<&String> = sent()
        .flat_map(|it| {
            it.properties
                .iter()
                .filter(|name| !it.sensitive.contains(name))
        })
        .collect();
    let members = sent().flat_map(|it| &it.sensitive);
    let operations = model.operations.values();
    let parameters = operations.flat_map(|it| it.parameters.iter().filter(|it| it.sensitive));
    members
        .filter(|it| !plain.contains(it))
        .map(String::as_str)
        .chain(parameters.map(|it| it.name.as_str()))
        .collect()
}

/// Pairs each method with its constant, and with what the model says about it.
fn operations(
    methods: Vec<ImplItemFn>,
    mut more: BTreeMap<String, Vec<ImplItemFn>>,
    constants: Vec<ItemConst>,
    model: &Model,
) -> Result<Vec<Operation>, Failure> {
    // The second method of an operation, for its events, has the features of the first.
    let seconds: BTreeMap<&str, &model::Operation> = model
        .operations
        .values()
        .filter_map(|it| Some((it.event_stream.as_ref()?.method.as_str(), it)))
        .collect();
    // A constant has its method's name in capitals.
    let constants = constants.into_iter();
    let mut constants: BTreeMap<String, ItemConst> =
        constants.map(|it| (it.ident.to_string(), it)).collect();
    let mut operations = Vec::new();
    for method in methods {
        let id = method.sig.ident.to_string();
        let operation = model
            .operations
            .get(&id)
            .or_else(|| seconds.get(id.as_str()).copied())
            .ok_or_else(|| unexpected(&format!("no operation is called `{id}`")))?;
        let constant = constants
            .remove(&id.to_uppercase())
            .ok_or_else(|| unexpected(&format!("`{id}` has no constant")))?;
        let pages = operation.pages_method();
        let names = [Some(id.as_str()), pages.as_deref()].into_iter().flatten();
        let lines = names.map(|it| names::of_method(it, operation)).collect();
        operations.push(Operation {
            method,
            more: more.remove(&id).unwrap_or_default(),
            constant,
            features: features::of_operation(operation),
            extra_types: operation.extra_types.clone(),
            lines,
        });
    }
    Ok(operations)
}

/// The content of the file of a tag.
#[derive(Default)]
struct Draft {
    methods: Vec<(BTreeSet<String>, Vec<ImplItemFn>, ItemConst)>,
    types: Vec<Part>,
    /// What turns any of the methods on, and so the module.
    features: BTreeSet<String>,
}

impl Draft {
    /// The file. The module has one condition for all that it holds, so only what differs from that has a condition of its own.
    fn file(self, feature: &str) -> SourceFile {
        let module = module_name(feature);
        let methods = self
            .methods
            .into_iter()
            .map(|(features, methods, constant)| {
                let (mut methods, mut constant) = (methods, constant);
                // Most operations have the tag of their file and no other. Those have the module's condition, and need none.
                if features != self.features {
                    let attr = features::gate(&features);
                    for method in &mut methods {
                        insert(&mut method.attrs, attr.clone());
                    }
                    insert(&mut constant.attrs, attr);
                }
                MethodUnit {
                    name: methods[0].sig.ident.to_string(),
                    methods: methods.into_iter().map(ImplItem::Fn).collect(),
                    constant: Item::Const(constant),
                }
            });
        let own = BTreeSet::from([feature.to_owned()]);
        let doc = if feature == UNTAGGED {
            "The operations without a tag, and the types that only they reach.".to_owned()
        } else {
            format!(
                "The operations of the feature `{feature}`, and the types that no other reaches."
            )
        };
        SourceFile {
            path: format!("src/generated/{module}.rs"),
            doc,
            methods: methods.collect(),
            // The types need this feature. The module may exist for another one, if an operation in it has several tags.
            types: self
                .types
                .into_iter()
                .map(|part| unit(part, (own != self.features).then(|| features::gate(&own))))
                .collect(),
            types_apart: true,
            prefix: 0,
            others: quote!(),
        }
    }
}

/// `shared.rs`: types that several features reach, each with its list, and the functions that make defaults.
fn shared_file(shared: Vec<Part>, defaults: Vec<Part>) -> Result<SourceFile, Failure> {
    let mut types: Vec<TypeUnit> = shared
        .into_iter()
        .map(|part| {
            let gate = features::gate(&part.features);
            unit(part, Some(gate))
        })
        .collect();
    // All defaults are in one module of one file: serde's attributes name them by path, and types of any file may.
    if !defaults.is_empty() {
        let visibility: Visibility = parse_quote!(pub(crate));
        let mut functions = Vec::new();
        for part in defaults {
            for item in part.items {
                let Item::Fn(mut function) = item else {
                    return Err(unexpected("a default is not a function"));
                };
                // Types of other files call it, too.
                function.vis = visibility.clone();
                insert(&mut function.attrs, features::gate(&part.features));
                functions.push(Item::Fn(function));
            }
        }
        let module = format_ident!("{DEFAULTS}");
        let mut module: ItemMod = parse_quote! {
            /// The description's defaults, for serde.
            pub(crate) mod #module {}
        };
        if let Some((_, items)) = &mut module.content {
            *items = functions;
        }
        types.push(TypeUnit {
            name: DEFAULTS.to_owned(),
            items: vec![Item::Mod(module)],
        });
    }
    Ok(SourceFile {
        path: format!("src/generated/{SHARED}.rs"),
        doc: "The types that operations of several features reach.".to_owned(),
        methods: Vec::new(),
        types,
        types_apart: false,
        prefix: 0,
        others: quote!(),
    })
}

/// A type with its impls. With a condition, the type has it, and all impls together have it once: a type has up to ten impls, and
/// each list of features may be long.
fn unit(part: Part, gate: Option<Attribute>) -> TypeUnit {
    let mut items = part.items;
    if let Some(gate) = gate {
        let impls = items.split_off(1);
        match &mut items[0] {
            Item::Struct(item) => insert(&mut item.attrs, gate.clone()),
            Item::Enum(item) => insert(&mut item.attrs, gate.clone()),
            Item::Type(item) => insert(&mut item.attrs, gate.clone()),
            Item::Mod(item) => insert(&mut item.attrs, gate.clone()),
            _ => {}
        }
        if !impls.is_empty() {
            items.push(Item::Const(together(gate, impls)));
        }
    }
    TypeUnit {
        name: part.name,
        items,
    }
}

/// Items with one attribute for all of them: `const _: () = { … };`, in which impls count as if they were outside.
fn together(gate: Attribute, items: Vec<Item>) -> ItemConst {
    let mut block = template!(ItemConst: { const _: () = {}; });
    block.attrs.push(gate);
    if let Expr::Block(expr) = &mut *block.expr {
        expr.block.stmts = items.into_iter().map(Stmt::Item).collect();
    }
    block
}

/// Puts an attribute after the documentation.
fn insert(attrs: &mut Vec<Attribute>, attr: Attribute) {
    let docs = attrs
        .iter()
        .take_while(|it| it.path().is_ident("doc"))
        .count();
    attrs.insert(docs, attr);
}

/// The stage before wrote something that this one does not know.
fn unexpected(what: &str) -> Failure {
    Failure::Message(format!(
        "the refined code is not what the split stage expects: {what}\n\
         See xtask/src/split/."
    ))
}
