//! The names that generated code has for itself, and a description that has all of them.

use std::collections::BTreeSet;

use heck::{ToPascalCase, ToSnakeCase};
use proc_macro2::{TokenStream, TokenTree};
use serde_json::{Value, json};
use syn::visit::Visit;
use xtask::output::render::SourceText;

fn of(tokens: TokenStream, found: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                found.insert(ident.to_string());
            }
            TokenTree::Group(group) => of(group.stream(), found),
            _ => {}
        }
    }
}

/// Every identifier in the code, but for those of types.
fn identifiers(files: &[SourceText]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in files {
        of(file.text.parse().unwrap(), &mut found);
    }
    let types = types(files);
    found.retain(|name| !types.contains(name));
    found
}

/// Every identifier in what letta-api exports, and in what is in scope where generated methods are.
fn written() -> BTreeSet<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../letta-api/src");
    let mut found = BTreeSet::new();
    for file in ["lib.rs", "support.rs", "support/call.rs"] {
        let source = std::fs::read_to_string(format!("{root}/{file}")).unwrap();
        of(source.parse().unwrap(), &mut found);
    }
    found
}

/// The names of the generated types.
fn types(files: &[SourceText]) -> BTreeSet<String> {
    struct Types(BTreeSet<String>);
    impl<'ast> Visit<'ast> for Types {
        fn visit_item_struct(&mut self, it: &'ast syn::ItemStruct) {
            self.0.insert(it.ident.to_string());
        }
        fn visit_item_enum(&mut self, it: &'ast syn::ItemEnum) {
            self.0.insert(it.ident.to_string());
        }
        fn visit_item_type(&mut self, it: &'ast syn::ItemType) {
            self.0.insert(it.ident.to_string());
        }
    }
    let mut types = Types(BTreeSet::new());
    for file in files {
        types.visit_file(&syn::parse_file(&file.text).unwrap());
    }
    types.0
}

/// The methods of the operations.
fn methods(files: &[SourceText]) -> BTreeSet<String> {
    struct Methods(BTreeSet<String>);
    impl<'ast> Visit<'ast> for Methods {
        fn visit_impl_item_fn(&mut self, it: &'ast syn::ImplItemFn) {
            if it.sig.asyncness.is_some() {
                self.0.insert(it.sig.ident.to_string());
            }
        }
    }
    let mut methods = Methods(BTreeSet::new());
    for file in files {
        methods.visit_file(&syn::parse_file(&file.text).unwrap());
    }
    methods.0
}

/// The names in capitals that the modules of types use without a path, and that are none of their own.
pub(crate) fn bare_names(files: &[SourceText]) -> BTreeSet<String> {
    struct Bare {
        found: BTreeSet<String>,
        generics: BTreeSet<String>,
    }
    impl<'ast> Visit<'ast> for Bare {
        fn visit_item_impl(&mut self, it: &'ast syn::ItemImpl) {
            let is_client =
                matches!(&*it.self_ty, syn::Type::Path(path) if path.path.is_ident("Client"));
            if !is_client {
                syn::visit::visit_item_impl(self, it);
            }
        }
        fn visit_item_mod(&mut self, it: &'ast syn::ItemMod) {
            // typify's module for an error sees nothing of what is around it.
            if !["constants", "error", "operations"]
                .iter()
                .any(|name| it.ident == name)
            {
                syn::visit::visit_item_mod(self, it);
            }
        }
        fn visit_type_param(&mut self, it: &'ast syn::TypeParam) {
            self.generics.insert(it.ident.to_string());
            syn::visit::visit_type_param(self, it);
        }
        fn visit_const_param(&mut self, it: &'ast syn::ConstParam) {
            self.generics.insert(it.ident.to_string());
            syn::visit::visit_const_param(self, it);
        }
        fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
        fn visit_path(&mut self, path: &'ast syn::Path) {
            if let Some(first) = path.segments.first()
                && path.leading_colon.is_none()
            {
                self.found.insert(first.ident.to_string());
            }
            syn::visit::visit_path(self, path);
        }
    }
    let mut bare = Bare {
        found: BTreeSet::new(),
        generics: BTreeSet::new(),
    };
    for file in files {
        bare.visit_file(&syn::parse_file(&file.text).unwrap());
    }
    let types = types(files);
    bare.found.retain(|name| {
        name.starts_with(char::is_uppercase)
            && name != "Self"
            && !types.contains(name)
            && !bare.generics.contains(name)
    });
    bare.found
}

/// A description that calls whatever has a name by each of the names that the generated code has.
pub(crate) fn description(files: &[SourceText]) -> Value {
    let mut all = identifiers(files);
    all.extend(written());
    let snake: BTreeSet<String> = all
        .iter()
        .map(|name| name.to_snake_case())
        .filter(|it| !it.is_empty())
        .collect();
    let mut pascal: BTreeSet<String> = all
        .iter()
        .filter(|name| name.starts_with(char::is_uppercase))
        .map(|name| name.to_pascal_case())
        .collect();
    // Parameters of generics are single letters.
    pascal.extend(('A'..='Z').map(String::from));
    // What the lints refuse: names that hide Rust's own, and those that a parameter cannot have.
    let (hidden, types) = (bare_names(files), types(files));
    pascal.retain(|name| {
        !hidden.contains(name)
            && !types.contains(name)
            && !["Self", "String", "Default", "Err", "None", "Ok", "Some"].contains(&name.as_str())
    });
    // What the lint about parameters refuses, with a word about it.
    let refused = ["accept", "body", "content_type", "header_map"];
    let names: Vec<&String> = snake
        .iter()
        .filter(|name| !refused.contains(&name.as_str()) && !name.ends_with("_segment"))
        .collect();
    let parameters = |names: &[&String], place: &str, required: bool| -> Value {
        let of = |name: &&String| json!({"name": name, "in": place, "required": required, "schema": {"type": "string"}});
        names.iter().map(of).collect()
    };
    let operation = |id: &str, parameters: Value| {
        json!({
            "operationId": id, "x-codegen-safe-to-repeat": true, "tags": ["names"], "parameters": parameters,
            "responses": {"200": {"description": "", "content": {"application/json": {"schema": {
                "$ref": "#/components/schemas/AllNames",
            }}}}},
        })
    };
    let mut paths = json!({
        "/v1/names/query": {
            "get": operation("namesInQuery", parameters(&names, "query", true)),
            "put": operation("namesInQueryIfAny", parameters(&names, "query", false)),
        },
        "/v1/names/header": {
            "get": operation("namesInHeaders", parameters(&names, "header", true)),
            "put": operation("namesInHeadersIfAny", parameters(&names, "header", false)),
        },
    });
    for (index, names) in names.chunks(10).enumerate() {
        let path: String = names.iter().map(|name| format!("/{{{name}}}")).collect();
        let id = format!("namesInPath{index}");
        paths[format!("/v1/names/{index}{path}")] =
            json!({"get": operation(&id, parameters(names, "path", true))});
    }
    let mut taken = xtask::taken::client_methods().clone();
    taken.extend(methods(files));
    // The lists beside the constants of operations.
    taken.extend([xtask::naming::ALL, xtask::naming::SENSITIVE].map(str::to_lowercase));
    let ids = snake
        .iter()
        .filter(|name| !taken.contains(&xtask::naming::method_name(name)));
    for name in ids.filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic())) {
        paths[format!("/v1/operations/{name}")] = json!({"delete": {
            "operationId": name, "x-codegen-safe-to-repeat": true, "tags": ["names"],
            "responses": {"204": {"description": ""}},
        }});
    }
    // Crates and modules that the code goes by.
    for tag in [
        "own types",
        "constants",
        "defaults",
        "error",
        "serde",
        "reqwest",
        "std",
        "crate",
        "client",
        "h2",
        "tokio",
        "test",
    ] {
        paths[format!("/v1/tags/{tag}").replace(' ', "-")] = json!({"get": {
            "operationId": format!("tag {tag}"), "x-codegen-safe-to-repeat": true, "tags": [tag],
            "responses": {"200": {"description": "", "content": {"application/json": {"schema": {
                "type": "object", "properties": {"a": {"type": "string", "default": tag}},
            }}}}},
        }});
    }
    let fields: serde_json::Map<String, Value> = snake
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let default = if index % 2 == 0 {
                json!({"type": "string"})
            } else {
                json!({"type": "integer", "default": 1})
            };
            (name.clone(), default)
        })
        .collect();
    let mut schemas = json!({
        "AllNames": {"type": "object", "properties": {
            "fields": {"$ref": "#/components/schemas/NamesOfFields"},
            "values": {"$ref": "#/components/schemas/NamesOfValues"},
            "branches": {"$ref": "#/components/schemas/NamesOfBranches"},
            "tagged": {"$ref": "#/components/schemas/NamesOfTags"},
        }},
        "NamesOfFields": {"type": "object", "properties": fields},
        "NamesOfValues": {"type": "string", "enum": pascal.iter().filter(|it| *it != "Unknown").collect::<Vec<_>>()},
    });
    let mut branches = Vec::new();
    let mut tagged = Vec::new();
    for name in &pascal {
        schemas[name] = json!({"type": "object", "required": [format!("x{name}")], "properties": {
            format!("x{name}"): {"type": "string"}, "kind": {"type": "string", "enum": ["a", "b"]},
        }});
        if name != "Unknown" {
            branches.push(json!({"$ref": format!("#/components/schemas/{name}")}));
            tagged.push(json!({"type": "object", "required": ["t"], "properties": {
                "t": {"type": "string", "enum": [name]}, "value": {"type": "string"}, "place": {"type": "string"},
                "unknown_members": {"type": "string"}, "members": {"type": "integer"},
            }}));
        }
    }
    schemas["NamesOfBranches"] = json!({"oneOf": branches});
    schemas["NamesOfTags"] = json!({"oneOf": tagged});
    json!({"openapi": "3.0.3", "info": {"title": "Names", "version": "1"}, "paths": paths, "components": {"schemas": schemas}})
}
