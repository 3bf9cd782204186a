//! Operations: paths are checked, requests go through the one hook, and nothing is sent that nobody
//! asked for.

use std::collections::BTreeSet;

use quote::{ToTokens, format_ident, quote};
use syn::punctuated::Punctuated;
use syn::visit_mut::VisitMut;
use syn::{
    Expr, ExprMethodCall, Ident, ImplItemFn, Item, ItemConst, Local, Macro, Pat, Stmt, Token,
    parse_quote,
};

use super::{answers, bodies, docs, event_streams, forms, parameter_structs, unexpected};
use crate::diagnostic::Failure;
use crate::model::Model;

pub(super) struct Operations {
    pub(super) constants: Vec<ItemConst>,
    pub(super) methods: Vec<ImplItemFn>,
    /// The structs of parameters, and how many there are.
    pub(super) types: (Vec<Item>, usize),
}

/// `taken` are the names of the types that there are.
pub(super) fn refine(
    methods: Vec<ImplItemFn>,
    model: &Model,
    mut taken: BTreeSet<String>,
) -> Result<Operations, Failure> {
    if methods.len() != model.operations.len() {
        return Err(unexpected(&format!(
            "the description has {} operations, and {} methods were generated",
            model.operations.len(),
            methods.len()
        )));
    }
    let mut out = Operations {
        constants: Vec::new(),
        methods: Vec::new(),
        types: (Vec::new(), 0),
    };
    for mut method in methods {
        let id = method.sig.ident.to_string();
        let operation = model
            .operations
            .get(&id)
            .ok_or_else(|| unexpected(&format!("no operation of the description became `{id}`")))?;
        let constant = format_ident!("{}", id.to_uppercase());
        let (verb, path) = (&operation.method, &operation.path);
        let doc = format!(" `{verb} {path}`");
        let safe_to_repeat = operation.safe_to_repeat.then(|| quote!(.safe_to_repeat()));
        let streaming = streams(&method).then(|| quote!(.streaming()));
        out.constants.push(parse_quote! {
            #[doc = #doc]
            pub const #constant: Operation =
                Operation::new(#id, #verb, #path) #safe_to_repeat #streaming;
        });
        docs::tidy(&mut method.attrs, || format!("`{verb} {path}`"));
        refine_method(&mut method, &constant)?;
        bodies::refine(&mut method, operation)?;
        let parameters = parameter_structs::refine(&mut method, operation, &mut taken)?;
        out.types.1 += usize::from(!parameters.is_empty());
        out.types.0.extend(parameters);
        let Some(stream) = &operation.event_stream else {
            answers::shorten(&mut method);
            out.methods.push(method);
            continue;
        };
        let (constant, id) = (event_streams::constant(stream), &stream.method);
        let mut twin = event_streams::twin(&mut method, &constant, stream)?;
        answers::shorten(&mut method);
        answers::shorten(&mut twin);
        let safe_to_repeat = operation.safe_to_repeat.then(|| quote!(.safe_to_repeat()));
        out.constants.push(parse_quote! {
            #[doc = #doc]
            pub const #constant: Operation =
                Operation::new(#id, #verb, #path) #safe_to_repeat .streaming();
        });
        out.methods.extend([method, twin]);
    }
    Ok(out)
}

/// Whether a success is handed over as a stream. The type tells, and the body does not: an error that
/// is not JSON is made by the same function.
fn streams(method: &ImplItemFn) -> bool {
    text(&method.sig.output).contains("ResponseValue < ByteStream >")
}

/// Where a statement belongs in the sequence that progenitor writes for every operation.
enum Part {
    /// `let mut header_map = …;`
    HeaderMap,
    /// `header_map.append("api-version", …);`
    ApiVersion,
    /// `let info = OperationInfo { … };`
    Info,
    /// `self.pre(&mut request, &info).await?;`, and likewise `post`.
    Hook,
    /// `let result = self.exec(request, &info).await;`
    Exec(Expr),
    /// `let response = result?;`, after the exec
    Response,
    /// `let mut request = …;`
    Request,
    /// Anything else.
    Other,
}

fn refine_method(method: &mut ImplItemFn, constant: &Ident) -> Result<(), Failure> {
    let id = method.sig.ident.to_string();
    let missing = |what: &str| unexpected(&format!("`{id}` has no statement that {what}"));

    // Headers beyond `api-version` are parameters of the operation; without any, there is no map.
    let has_header_parameters = method
        .block
        .stmts
        .iter()
        .any(|stmt| text(stmt).contains("header_map . append") && !is_api_version(stmt));

    let (mut info, mut hooks, mut versions, mut request) = (0, 0, 0, None);
    let mut done = false;
    let mut stmts = Vec::new();
    for mut stmt in std::mem::take(&mut method.block.stmts) {
        match classify(&stmt, request.is_some()) {
            Part::HeaderMap if !has_header_parameters => {}
            Part::ApiVersion => versions += 1,
            Part::Info => info += 1,
            Part::Hook => hooks += 1,
            Part::Exec(argument) => request = Some(argument),
            Part::Response => {
                let request = request
                    .as_ref()
                    .ok_or_else(|| missing("sends the request"))?;
                let Stmt::Local(Local { pat, .. }) = &stmt else {
                    return Err(missing("takes the response"));
                };
                stmts.push(parse_quote! {
                    let #pat = self.execute(#request, &operations::#constant).await?;
                });
                done = true;
            }
            Part::Request => {
                if let Stmt::Local(local) = &mut stmt {
                    local.attrs.clear();
                    if let Pat::Ident(pat) = &mut local.pat {
                        pat.mutability = None;
                    }
                }
                if !has_header_parameters {
                    DropHeaderMap.visit_stmt_mut(&mut stmt);
                }
                stmts.push(stmt);
            }
            Part::HeaderMap | Part::Other => stmts.push(stmt),
        }
    }
    for (found, wanted, what) in [
        (info, 1, "names the operation"),
        (hooks, 2, "calls a hook"),
        (versions, 1, "sends `api-version`"),
        (usize::from(done), 1, "takes the response"),
    ] {
        if found != wanted {
            return Err(missing(what));
        }
    }
    method.block.stmts = stmts;

    BoxErrors.visit_block_mut(&mut method.block);
    forms::OwnErrors.visit_block_mut(&mut method.block);
    let mut paths = CheckPaths::default();
    paths.visit_block_mut(&mut method.block);
    if let Some(problem) = paths.problem {
        return Err(unexpected(&format!("in `{id}`, {problem}")));
    }
    method.block.stmts.splice(0..0, paths.segments);
    if text(&method.block).contains("encode_path") {
        return Err(unexpected(&format!(
            "`{id}` has a path that stays unchecked"
        )));
    }
    Ok(())
}

fn classify(stmt: &Stmt, exec_seen: bool) -> Part {
    if is_api_version(stmt) {
        return Part::ApiVersion;
    }
    match stmt {
        Stmt::Local(local) => {
            let Some(init) = &local.init else {
                return Part::Other;
            };
            match &*init.expr {
                Expr::Struct(literal) if literal.path.is_ident("OperationInfo") => Part::Info,
                Expr::Await(awaited) => match &*awaited.base {
                    Expr::MethodCall(call) if call.method == "exec" => match call.args.first() {
                        Some(argument) => Part::Exec(argument.clone()),
                        None => Part::Other,
                    },
                    _ => Part::Other,
                },
                Expr::Try(tried) if exec_seen && matches!(&*tried.expr, Expr::Path(_)) => {
                    Part::Response
                }
                Expr::Try(tried) => match &*tried.expr {
                    Expr::MethodCall(call) if call.method == "build" => Part::Request,
                    _ => Part::Other,
                },
                _ if text(&local.pat).ends_with("header_map") => Part::HeaderMap,
                _ => Part::Other,
            }
        }
        Stmt::Expr(Expr::Try(tried), _) => match &*tried.expr {
            Expr::Await(awaited) => match &*awaited.base {
                Expr::MethodCall(call) if call.method == "pre" || call.method == "post" => {
                    Part::Hook
                }
                _ => Part::Other,
            },
            _ => Part::Other,
        },
        _ => Part::Other,
    }
}

fn is_api_version(stmt: &Stmt) -> bool {
    let text = text(stmt);
    text.contains("header_map . append") && text.contains("\"api-version\"")
}

fn text(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string()
}

/// Takes `.headers(header_map)` out of a chain of calls.
struct DropHeaderMap;

impl VisitMut for DropHeaderMap {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if let Expr::MethodCall(ExprMethodCall {
            receiver,
            method,
            args,
            ..
        }) = expr
            && method == "headers"
            && text(args) == "header_map"
        {
            *expr = (**receiver).clone();
        }
        syn::visit_mut::visit_expr_mut(self, expr);
    }
}

/// Makes `Error::ErrorResponse(…)` into `Error::documented(…)`, and `Error::UnexpectedResponse(…)` into
/// `Error::undocumented(…)`, which box what they are given: an error should be small.
struct BoxErrors;

impl VisitMut for BoxErrors {
    fn visit_expr_call_mut(&mut self, call: &mut syn::ExprCall) {
        match text(&call.func).as_str() {
            "Error :: ErrorResponse" => *call.func = parse_quote!(Error::documented),
            "Error :: UnexpectedResponse" => *call.func = parse_quote!(Error::undocumented),
            _ => {}
        }
        syn::visit_mut::visit_expr_call_mut(self, call);
    }
}

/// Makes `encode_path(&token.to_string())` within `format!` into `token_segment`, bound before by
/// `path::segment`, which refuses what could name another resource.
#[derive(Default)]
struct CheckPaths {
    segments: Vec<Stmt>,
    problem: Option<String>,
}

impl VisitMut for CheckPaths {
    fn visit_macro_mut(&mut self, mac: &mut Macro) {
        if !mac.path.is_ident("format") {
            return;
        }
        let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
        let Ok(mut arguments) = mac.parse_body_with(parser) else {
            self.problem = Some("a format! does not parse".to_owned());
            return;
        };
        for argument in &mut arguments {
            let Expr::Call(call) = argument else { continue };
            if text(&call.func) != "encode_path" {
                continue;
            }
            let value = match call.args.first() {
                Some(Expr::Reference(reference)) => match &*reference.expr {
                    Expr::MethodCall(to_string) if to_string.method == "to_string" => {
                        &to_string.receiver
                    }
                    _ => continue,
                },
                _ => continue,
            };
            let name = text(value);
            // A keyword has an underscore after it, as an argument.
            let name = name.trim_start_matches("r#").trim_end_matches('_');
            let segment = format_ident!("{name}_segment");
            self.segments.push(parse_quote! {
                let #segment = path::segment(#name, &#value)?;
            });
            *argument = parse_quote!(#segment);
        }
        let arguments = arguments.iter();
        mac.tokens = quote!(#(#arguments),*);
    }
}
