//! Operations: paths are checked, requests go through the one hook, and no header is sent that is not documented.
//!
//! progenitor writes the same sequence of statements for every operation. [`classify`] says which part of it a statement is, and
//! [`refine_method`] keeps, changes or drops it. The example in the stage's own documentation (`refine`) has all parts.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::visit_mut::VisitMut;
use syn::{
    Block, Expr, ExprMethodCall, ExprPath, Ident, ImplItemFn, Item, ItemConst, LitStr, Local,
    Macro, Pat, Stmt, Token, parse_quote,
};

use super::method_docs::MethodDocs;
use super::{
    answers, bodies, docs, event_streams, forms, one_error, pages, parameter_structs, unexpected,
};
use crate::diagnostic::Failure;
use crate::markdown;
use crate::model::{self, Model};
use crate::template::{self, template};

/// What becomes of progenitor's methods.
pub(super) struct Operations {
    /// The constant of each operation, which a transport gets.
    pub(super) constants: Vec<ItemConst>,
    /// The methods. An operation with events has two.
    pub(super) methods: Vec<ImplItemFn>,
    /// What belongs to a method and has no constant, by the method's name.
    pub(super) more: BTreeMap<String, Vec<ImplItemFn>>,
    /// The structs of parameters, and how many there are.
    pub(super) types: (Vec<Item>, usize),
}

/// Refines all methods. `taken` are the names of the types that exist.
///
/// The order of the steps for one method matters: its documentation is written while its answers are still a match, from which the
/// statuses are read, and its second method is made before the match becomes one call.
pub(super) fn refine(
    methods: Vec<ImplItemFn>,
    model: &Model,
    mut taken: BTreeSet<String>,
    types: &[Item],
) -> Result<Operations, Failure> {
    // Two operations of one name would be one method. The lints refuse them, so this is a change of progenitor.
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
        more: BTreeMap::new(),
        types: (Vec::new(), 0),
    };
    let names = model.operations.values();
    let seconds = names.filter_map(|it| Some(it.event_stream.as_ref()?.method.clone()));
    let seconds = seconds.chain(
        model
            .operations
            .values()
            .filter_map(model::Operation::pages_method),
    );
    let names: BTreeSet<String> = model.operations.keys().cloned().chain(seconds).collect();
    let code = pages::Code {
        types,
        methods: &names,
    };
    for mut method in methods {
        let id = method.sig.ident.to_string();
        let operation = model
            .operations
            .get(&id)
            .ok_or_else(|| unexpected(&format!("no operation of the description became `{id}`")))?;
        // `list_agents` has the constant `LIST_AGENTS`.
        let constant = format_ident!("{}", id.to_uppercase());
        let is_stream = streams(&method);
        let is_dropped = operation.event_stream.as_ref().is_some_and(|it| it.only);
        if !is_dropped {
            out.constants
                .push(declaration(&constant, &id, operation, is_stream));
        }
        method
            .attrs
            .extend(docs::deprecated(operation.deprecated.as_ref()));
        let mut docs = MethodDocs::default();
        refine_method(&mut method, &constant, operation)?;
        if let Some(names) = &operation.accepts
            && operation.event_stream.is_none()
        {
            Accepting { names }.visit_block_mut(&mut method.block);
        }
        if model.one_error {
            one_error::refine(&mut method)?;
        }
        docs.paragraphs
            .extend(bodies::refine(&mut method, operation)?);
        let content_type = operation.content_type.as_deref();
        docs.paragraphs.extend(content_type.map(bodies::said));
        let parameters = parameter_structs::refine(&mut method, operation, &mut taken, &mut docs)?;
        out.types.1 += usize::from(!parameters.is_empty());
        out.types.0.extend(parameters);
        let Some(stream) = &operation.event_stream else {
            if let Some(name) = content_type {
                bodies::name(&mut method, name)?;
            }
            let mut of_pages = docs.clone();
            let pages = operation.pages.as_ref();
            let pages = pages.map(|pages| {
                let (said, of_twin) = pages::said(operation, pages);
                of_pages.paragraphs.extend(of_twin);
                docs.paragraphs.push(said);
                let mut documented = method.clone();
                of_pages.write(&mut documented, operation);
                (pages, documented.attrs)
            });
            docs.write(&mut method, operation);
            answers::shorten(&mut method);
            if let Some((pages, attrs)) = pages {
                let more = pages::divide(&mut method, operation, pages, attrs, &code)?;
                out.more.insert(id, more);
            }
            out.methods.push(method);
            continue;
        };
        let (constant, id) = (event_streams::constant(stream), &stream.method);
        let mut twin = event_streams::twin(&method, &constant, stream)?;
        if let Some(pin) = &stream.pin {
            event_streams::pin(&mut method, pin, false)?;
            event_streams::pin(&mut twin, pin, true)?;
        }
        if let Some(name) = content_type {
            bodies::name(&mut method, name)?;
            bodies::name(&mut twin, name)?;
        }
        let (said, of_twin) = event_streams::said(stream);
        let mut docs_of_twin = docs.clone();
        docs_of_twin.paragraphs.extend(of_twin);
        docs_of_twin.write(&mut twin, operation);
        docs.paragraphs.push(said);
        docs.write(&mut method, operation);
        answers::shorten(&mut method);
        answers::shorten(&mut twin);
        out.constants
            .push(declaration(&constant, id, operation, true));
        out.methods
            .extend((!stream.only).then_some(method).into_iter().chain([twin]));
    }
    Ok(out)
}

/// The constant of an operation, which a transport gets with each request:
///
/// ```text
/// pub const LIST_AGENTS: Operation = Operation {
///     id: "list_agents", method: "GET", path_template: "/v1/agents", safe_to_repeat: true, streams: false,
/// };
/// ```
///
/// It has the path's template and not the path, so that logs and metrics have no IDs and no secrets.
fn declaration(name: &Ident, id: &str, operation: &model::Operation, is_stream: bool) -> ItemConst {
    let (verb, path) = (&operation.method, &operation.path);
    let safe_to_repeat = operation.safe_to_repeat;
    let value: Expr = parse_quote! {
        Operation {
            id: #id,
            method: #verb,
            path_template: #path,
            safe_to_repeat: #safe_to_repeat,
            streams: #is_stream,
        }
    };
    let mut constant = template!(
        ItemConst: { pub const NAME: Operation = value; },
        NAME = name,
        value = &value,
    );
    let doc = markdown::code(&format!("{verb} {path}"));
    constant.attrs = vec![docs::line(&doc)];
    constant
}

/// Whether a success is handed over as a stream. The return type says so. The body of the method does not: an error that
/// is not JSON is made by the same function.
fn streams(method: &ImplItemFn) -> bool {
    text(&method.sig.output).contains("ResponseValue < ByteStream >")
}

/// The parts of the sequence that progenitor writes for every operation.
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

/// Changes the statements of one method.
///
/// Each kind of statement is counted. If progenitor writes one more or one less of a kind, something would be sent that should not be,
/// or a hook would be missed, so that is an error.
///
/// Its parameters are written as the operation says.
fn refine_method(
    method: &mut ImplItemFn,
    constant: &Ident,
    operation: &model::Operation,
) -> Result<(), Failure> {
    let id = method.sig.ident.to_string();
    let missing = |what: &str| unexpected(&format!("`{id}` has no statement that {what}"));

    // Headers beyond `api-version` are parameters of the operation; without any, there is no map.
    let has_header_parameters = method.block.stmts.iter().any(|stmt| {
        let appended = Appended::by(stmt);
        appended.headers > 0 && !appended.is_api_version()
    });

    let (mut info, mut hooks, mut versions, mut request) = (0, 0, 0, None);
    let mut done = false;
    let mut stmts = Vec::new();
    for mut stmt in std::mem::take(&mut method.block.stmts) {
        match classify(&stmt, request.is_some()) {
            Part::HeaderMap if !has_header_parameters => {}
            // Dropped: the service does not ask for it, and a browser's preflight would fail on the header.
            Part::ApiVersion => versions += 1,
            // Dropped: our constant takes the place of the `OperationInfo`, and `call::send` that of the hooks.
            Part::Info => info += 1,
            Part::Hook => hooks += 1,
            Part::Exec(argument) => request = Some(argument),
            Part::Response => {
                let request = request
                    .as_ref()
                    .ok_or_else(|| missing("sends the request"))?;
                let Stmt::Local(Local {
                    init: Some(init), ..
                }) = &mut stmt
                else {
                    return Err(missing("takes the response"));
                };
                *init.expr = template!(
                    Expr: { call::send(self, request, &operations::CONSTANT).await? },
                    request = request,
                    CONSTANT = constant,
                );
                stmts.push(stmt);
                done = true;
            }
            // `let mut request`: without the hooks, nothing changes it.
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

    OwnCalls.visit_block_mut(&mut method.block);
    forms::OwnForms.visit_block_mut(&mut method.block);
    NamedHeaders { operation }.visit_block_mut(&mut method.block);
    let mut paths = CheckPaths {
        operation,
        names: path_parameters(&operation.path),
        segments: Vec::new(),
        problem: None,
    };
    paths.visit_block_mut(&mut method.block);
    if let Some(problem) = paths.problem {
        return Err(unexpected(&format!("in `{id}`, {problem}")));
    }
    if !paths.names.is_empty() {
        return Err(missing("encodes every parameter of the path"));
    }
    let mut query = TakeQuery::default();
    query.visit_block_mut(&mut method.block);
    let stmts = &mut method.block.stmts;
    let urls: Vec<usize> = (0..stmts.len())
        .filter(|index| url_of(&mut stmts[*index]).is_some())
        .collect();
    let [index] = urls.as_slice() else {
        return Err(missing("puts the URL together"));
    };
    let added = write_url(&mut stmts[*index], query.parameters, operation);
    let added = added.ok_or_else(|| missing("puts the URL together"))?;
    stmts.splice(index + 1..index + 1, added);
    stmts.splice(0..0, paths.segments);
    // Checks on the result, in case progenitor writes a path or a call in a form that the steps above do not recognise.
    if mentions(&method.block, "encode_path") {
        return Err(unexpected(&format!(
            "`{id}` has a path that stays unchecked"
        )));
    }
    if mentions(&method.block, PROGENITOR) {
        return Err(unexpected(&format!(
            "`{id}` calls something of {PROGENITOR} that letta-api has no equivalent of"
        )));
    }
    Ok(())
}

/// The expression that makes the URL, if this is the statement that does. It is found by its form and not by the variable's name: with a
/// parameter called `url`, progenitor names the variable differently.
fn url_of(stmt: &mut Stmt) -> Option<&mut Expr> {
    let Stmt::Local(Local {
        init: Some(init), ..
    }) = stmt
    else {
        return None;
    };
    let mut tokens = match &*init.expr {
        Expr::Macro(text) if text.mac.path.is_ident("format") => {
            text.mac.tokens.clone().into_iter()
        }
        _ => return None,
    };
    let is_base = |token| matches!(token, TokenTree::Ident(name) if name == "baseurl");
    tokens.any(is_base).then_some(&mut init.expr)
}

/// Writes the URL as letta-api has it. Gives the statements that add the parameters of the query to it.
fn write_url(
    stmt: &mut Stmt,
    query: Vec<(Expr, Expr)>,
    operation: &model::Operation,
) -> Option<Vec<Stmt>> {
    append_path(url_of(stmt)?)?;
    let Stmt::Local(Local {
        pat: Pat::Ident(url),
        ..
    }) = stmt
    else {
        return None;
    };
    if !query.is_empty() {
        url.mutability = Some(<Token![mut]>::default());
    }
    let url = &url.ident;
    let add = |(name, value): &(Expr, Expr)| -> Stmt {
        match style(operation, "query", name) {
            None => template!(
                Stmt: { query::add(&mut url, name, value)?; },
                url = url,
                name = name,
                value = value,
            ),
            Some("reserved") => parse_quote!(styled::reserved(&mut #url, #name, #value)?;),
            Some("deep") => parse_quote!(styled::deep(&mut #url, #name, #value)?;),
            Some("json") => parse_quote!(styled::as_json(&mut #url, #name, #value)?;),
            Some(separated) => {
                let separator = match separated {
                    "pipe" => "|",
                    "space" => " ",
                    _ => ",",
                };
                parse_quote!(styled::joined(&mut #url, #name, #separator, #value)?;)
            }
        }
    };
    Some(query.iter().map(add).collect())
}

/// How a parameter of this place is written, if not in the default style. `name` is the literal that progenitor names it by.
fn style<'a>(operation: &'a model::Operation, place: &str, name: &Expr) -> Option<&'a str> {
    let Expr::Lit(syn::ExprLit {
        lit: syn::Lit::Str(name),
        ..
    }) = name
    else {
        return None;
    };
    let name = name.value();
    let is_it = |it: &&model::Parameter| it.place == place && it.name == name;
    operation.parameters.iter().find(is_it)?.style.as_deref()
}

/// The names of a path's parameters, as the description has them, in order.
fn path_parameters(path: &str) -> VecDeque<String> {
    let mut names = VecDeque::new();
    let mut rest = path;
    while let Some((_, from_name)) = rest.split_once('{')
        && let Some((name, after)) = from_name.split_once('}')
    {
        names.push_back(name.to_owned());
        rest = after;
    }
    names
}

/// Makes `format!("{}/path/{}", self.baseurl, segment)` into a path for the base URL, which is parsed already: to parse
/// it again for each call is a good part of what a call costs.
fn append_path(url: &mut Expr) -> Option<()> {
    let Expr::Macro(text) = url else { return None };
    let arguments = Punctuated::<Expr, Token![,]>::parse_terminated;
    let mut arguments = text.mac.parse_body_with(arguments).ok()?.into_iter();
    let Some(Expr::Lit(syn::ExprLit {
        lit: syn::Lit::Str(format),
        ..
    })) = arguments.next()
    else {
        return None;
    };
    let path = LitStr::new(format.value().strip_prefix("{}")?, format.span());
    let Some(Expr::Field(base)) = arguments.next() else {
        return None;
    };
    let values: Vec<Expr> = arguments.collect();
    // Without parameters, the path is a literal. `format_args!` would read its braces.
    *url = if values.is_empty() && !path.value().contains(['{', '}']) {
        parse_quote!(path::url(&#base, #path))
    } else {
        // Not a `String`: a value may be a secret, and the function writes it into memory that is wiped.
        parse_quote!(path::url_of(&#base, ::std::format_args!(#path, #(#values),*)))
    };
    Some(())
}

/// Says which part of the sequence a statement is. `exec_seen` is whether the request has been sent before it: only after that is
/// `result?` the response.
fn classify(stmt: &Stmt, exec_seen: bool) -> Part {
    // First, since the statement is a method call like others.
    if Appended::by(stmt).is_api_version() {
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
                _ if matches!(&local.pat, Pat::Ident(pat) if pat.ident == "header_map") => {
                    Part::HeaderMap
                }
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

/// What a statement puts into the map of headers.
#[derive(Default)]
struct Appended {
    headers: usize,
    /// Whether it has the text `api-version`.
    names_version: bool,
}

impl Appended {
    fn by(stmt: &Stmt) -> Self {
        let mut appended = Self::default();
        appended.visit_stmt(stmt);
        appended
    }

    fn is_api_version(&self) -> bool {
        self.headers > 0 && self.names_version
    }
}

impl<'ast> Visit<'ast> for Appended {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if call.method == "append" && is_name(&call.receiver, "header_map") {
            self.headers += 1;
        }
        syn::visit::visit_expr_method_call(self, call);
    }

    fn visit_lit_str(&mut self, text: &'ast LitStr) {
        self.names_version |= text.value() == "api-version";
    }
}

/// Whether an expression is this name and nothing else.
fn is_name(expr: &Expr, name: &str) -> bool {
    matches!(expr, Expr::Path(path) if path.path.is_ident(name))
}

/// Whether a name is anywhere in a block, macros included.
fn mentions(block: &Block, name: &str) -> bool {
    struct Search<'n> {
        name: &'n str,
        found: bool,
    }

    impl Search<'_> {
        fn tokens(&mut self, tokens: &TokenStream) {
            for token in tokens.clone() {
                match token {
                    TokenTree::Ident(ident) => self.visit_ident(&ident),
                    TokenTree::Group(group) => self.tokens(&group.stream()),
                    _ => {}
                }
            }
        }
    }

    impl<'ast> Visit<'ast> for Search<'_> {
        fn visit_ident(&mut self, ident: &'ast Ident) {
            self.found |= ident == self.name;
        }

        fn visit_macro(&mut self, mac: &'ast Macro) {
            self.tokens(&mac.tokens);
        }
    }

    let mut search = Search { name, found: false };
    search.visit_block(block);
    search.found
}

fn text(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string()
}

/// Removes `.headers(header_map)` from a chain of calls. Without header parameters, the map had only `api-version`.
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
            && args.first().is_some_and(|it| is_name(it, "header_map"))
        {
            *expr = (**receiver).clone();
        }
        syn::visit_mut::visit_expr_mut(self, expr);
    }
}

/// The crate whose functions progenitor's code calls. letta-api has its own.
const PROGENITOR: &str = "progenitor_client";

/// Replaces calls of progenitor's functions by those of letta-api's `support`: `Error::ErrorResponse(…)` by `call::error(…)`, for example.
///
/// letta-api's `Error` has the same variants, but makes them with what is known of the call.
struct OwnCalls;

impl VisitMut for OwnCalls {
    fn visit_expr_path_mut(&mut self, expr: &mut ExprPath) {
        let names: Vec<String> = expr
            .path
            .segments
            .iter()
            .map(|it| it.ident.to_string())
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let own = match names.as_slice() {
            ["Error", "ErrorResponse"] => quote!(call::error),
            ["Error", "UnexpectedResponse"] => quote!(call::undocumented),
            ["ResponseValue", "from_response"] => quote!(call::read),
            ["ResponseValue", "empty"] => quote!(call::empty),
            ["ResponseValue", "stream"] => quote!(call::arriving),
            _ => return,
        };
        *expr = parse_quote!(#own);
    }
}

/// Makes `header_map.append("X-Name", value.to_string().try_into()?)` into a call of `header::value`, which names the
/// parameter if it refuses the value.
struct NamedHeaders<'a> {
    operation: &'a model::Operation,
}

impl VisitMut for NamedHeaders<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if let Expr::MethodCall(call) = &*expr
            && let Some((name, value)) = appended(call)
            && style(self.operation, "cookie", name).is_some()
        {
            *expr = parse_quote!(cookie::add(&mut header_map, #name, &#value));
            return;
        }
        syn::visit_mut::visit_expr_mut(self, expr);
    }

    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        syn::visit_mut::visit_expr_method_call_mut(self, call);
        if let Some((name, value)) = appended(call) {
            let checked = match style(self.operation, "header", name) {
                None => template!(
                    Expr: { header::value(name, &value)? },
                    name = name,
                    value = value,
                ),
                Some("json") => parse_quote!(styled::header_json(#name, &#value)?),
                Some(style) => {
                    let exploded = style == "pairs";
                    parse_quote!(styled::header(#name, #exploded, &#value)?)
                }
            };
            call.args[1] = checked;
        }
    }
}

/// Asks for JSON by other names, too: `Accept: application/json, application/vnd.api+json`.
struct Accepting<'a> {
    names: &'a str,
}

impl VisitMut for Accepting<'_> {
    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        syn::visit_mut::visit_expr_method_call_mut(self, call);
        let first = call.args.first().map(text).unwrap_or_default();
        if call.method == "header"
            && first.ends_with(":: ACCEPT")
            && let Some(value) = call.args.last_mut()
            && text(value).contains("\"application/json\"")
        {
            let accept = format!("application/json, {}", self.names);
            *value = parse_quote!(::reqwest::header::HeaderValue::from_static(#accept));
        }
    }
}

/// Name and value of `header_map.append(name, value.to_string().try_into()?)`.
fn appended(call: &ExprMethodCall) -> Option<(&Expr, &Expr)> {
    if call.method != "append" || !is_name(&call.receiver, "header_map") {
        return None;
    }
    let Some(Expr::Try(tried)) = call.args.get(1) else {
        return None;
    };
    if let Expr::MethodCall(convert) = &*tried.expr
        && convert.method == "try_into"
        && let Expr::MethodCall(to_string) = &*convert.receiver
        && to_string.method == "to_string"
    {
        return Some((&call.args[0], &to_string.receiver));
    }
    None
}

/// Takes `.query(&progenitor_client::QueryParam::new("name", &value))` out of a chain of calls. reqwest keeps an error
/// until the request is built, and with it goes the name.
#[derive(Default)]
struct TakeQuery {
    /// Name and value of each, in order.
    parameters: Vec<(Expr, Expr)>,
}

impl VisitMut for TakeQuery {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        // The receiver comes first: it has the calls that stand before.
        syn::visit_mut::visit_expr_mut(self, expr);
        let Expr::MethodCall(call) = &*expr else {
            return;
        };
        if call.method == "query"
            && let Some(Expr::Reference(parameter)) = call.args.first()
            && let Expr::Call(new) = &*parameter.expr
            && text(&new.func) == "progenitor_client :: QueryParam :: new"
            && new.args.len() == 2
        {
            self.parameters
                .push((new.args[0].clone(), new.args[1].clone()));
            *expr = (*call.receiver).clone();
        }
    }
}

/// Makes `encode_path(&token.to_string())` within `format!` into `token_segment`, bound before by
/// `path::segment`, which refuses what could name another resource.
struct CheckPaths<'a> {
    operation: &'a model::Operation,
    /// The names of the parameters that are still to come.
    names: VecDeque<String>,
    segments: Vec<Stmt>,
    problem: Option<String>,
}

impl VisitMut for CheckPaths<'_> {
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
            if !is_name(&call.func, "encode_path") {
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
            let argument_name = text(value);
            // A keyword has an underscore after it, as an argument.
            let argument_name = argument_name.trim_start_matches("r#").trim_end_matches('_');
            let segment = format_ident!("{argument_name}_segment");
            let Some(name) = self.names.pop_front() else {
                self.problem = Some("the path has fewer parameters than are encoded".to_owned());
                return;
            };
            let text = template::text(&name);
            self.segments
                .push(match style(self.operation, "path", &text) {
                    None => template!(
                        Stmt: { let checked = path::segment(name, &value)?; },
                        checked = &segment,
                        name = &text,
                        value = &**value,
                    ),
                    Some(style) => {
                        let exploded = style == "pairs";
                        parse_quote!(let #segment = styled::segment(#text, #exploded, &#value)?;)
                    }
                });
            *argument = template!(Expr: { checked }, checked = &segment);
        }
        let arguments = arguments.iter();
        mac.tokens = quote!(#(#arguments),*);
    }
}
