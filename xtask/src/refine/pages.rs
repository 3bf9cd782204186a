//! The second method of a list that comes in pages, which gives a stream of them.
//!
//! The method for one page
//!
//! ```text
//! pub async fn list_agents<'a>(&'a self, params: &'a types::ListAgentsParams) -> Result<ResponseValue<Vec<types::Agent>>, Error<crate::ServiceError>> {
//!     …
//!     let request = self.client.get(url).build()?;
//!     one_error::json(self, request, &operations::LIST_AGENTS, &[200u16]).await
//! }
//! ```
//!
//! is divided, so that both methods make the request in the same way:
//!
//! ```text
//! fn list_agents_request<'a>(&'a self, params: &'a types::ListAgentsParams) -> Result<::reqwest::Request, Error<crate::ServiceError>> {
//!     …
//!     let request = self.client.get(url).build()?;
//!     Ok(request)
//! }
//! pub async fn list_agents<'a>(…) -> … {
//!     let request = self.list_agents_request(params)?;
//!     one_error::json(self, request, &operations::LIST_AGENTS, &[200u16]).await
//! }
//! pub fn list_agents_pages<'a>(…) -> Pages<Vec<types::Agent>, types::Agent> {
//!     one_error::pages(self, self.list_agents_request(params), &operations::LIST_AGENTS, &[200u16], &pages::Rule { … }, |page| page)
//! }
//! ```
//!
//! All else is in letta-api's `support/pages.rs`.

use std::collections::BTreeSet;

use quote::{ToTokens, format_ident, quote};
use syn::visit_mut::VisitMut;
use syn::{
    Attribute, Expr, ExprCall, Fields, FnArg, GenericArgument, Ident, ImplItemFn, Item, Pat,
    PathArguments, ReturnType, Stmt, Type, Visibility, parse_quote,
};

use super::types::serde_name;
use super::{docs, unexpected};
use crate::diagnostic::Failure;
use crate::markdown;
use crate::model::{Operation, pages};

/// What the steps before know of the code.
pub(super) struct Code<'a> {
    /// The types that the methods mention.
    pub(super) types: &'a [Item],
    /// The names of all methods.
    pub(super) methods: &'a BTreeSet<String>,
}

/// Divides the method for one page, and makes the one for all. The result is the function that makes the request, and the method for all
/// pages, with these attributes.
pub(super) fn divide(
    method: &mut ImplItemFn,
    operation: &Operation,
    rule: &pages::Pages,
    attrs: Vec<Attribute>,
    code: &Code<'_>,
) -> Result<Vec<ImplItemFn>, Failure> {
    let id = method.sig.ident.to_string();
    let missing = |what: &str| unexpected(&format!("`{id}` has no {what}"));
    let (answer, error) =
        result(&method.sig.output).ok_or_else(|| missing("result with a `ResponseValue`"))?;
    let (item, take) = items(&answer, rule, code.types).ok_or_else(|| missing("list of items"))?;
    let call = call(method).ok_or_else(|| missing("one call at its end that reads JSON"))?;
    let call = call.clone();
    let made = call.args[1].clone();

    let arguments = method.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(argument) => match &*argument.pat {
            Pat::Ident(pat) => Some(&pat.ident),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    });
    let arguments: Vec<&Ident> = arguments.collect();
    let request = free_name(&format!("{id}_request"), code.methods);
    let asked: Expr = parse_quote!(self.#request(#(#arguments),*));

    let mut all = method.clone();
    all.sig.asyncness = None;
    all.sig.ident = format_ident!("{id}_pages");
    all.attrs = attrs;
    let error_type = (error.to_token_stream().to_string() != "crate :: ServiceError")
        .then_some(&error)
        .into_iter();
    all.sig.output = parse_quote!(-> Pages<#answer, #item #(, #error_type)*>);
    let mut every_page = call.clone();
    every_page.func = match text(&call.func).as_str() {
        "one_error :: json" => parse_quote!(one_error::pages),
        _ => parse_quote!(call::pages),
    };
    every_page.args[1] = asked.clone();
    every_page.args.push(self::rule(rule, operation));
    every_page.args.push(take);
    all.block = parse_quote!({ #every_page });

    let mut first = method.clone();
    first.vis = Visibility::Inherited;
    first.sig.asyncness = None;
    first.sig.ident = request;
    first.sig.output = parse_quote!(-> Result<::reqwest::Request, Error<#error>>);
    first.attrs = vec![docs::line(&format!("The request of [`{id}`](Self::{id})."))];
    first.block.stmts.pop();
    first
        .block
        .stmts
        .push(Stmt::Expr(parse_quote!(Ok(#made)), None));

    method.block = parse_quote!({
        let #made = #asked?;
        #call.await
    });
    Ok(vec![first, all])
}

/// The sentences about pages for the method for one page, and for the other.
pub(super) fn said(operation: &Operation, rule: &pages::Pages) -> (String, Vec<String>) {
    let one = &crate::naming::method_name(&operation.id);
    let all = format!("{one}_pages");
    let of_one = format!("For all pages and for single items, see [`{all}`](Self::{all}).");
    let mut said = vec![format!(
        "The list of [`{one}`](Self::{one}) as a stream of its pages. [`Pages::items`](crate::Pages::items) makes a stream of single items of it."
    )];
    if let Some((limit, value)) = &rule.whole {
        said.push(format!(
            "The list comes as one page. It has up to {value} items, unless {} says otherwise. If it has as many as that, an error follows: there may be more.",
            markdown::code(limit)
        ));
        return (of_one, said);
    }
    let backwards = rule.moves.iter().find(|it| it.from == pages::Fill::First);
    if let Some(backwards) = backwards {
        let order = match (&rule.order, backwards.order.as_str()) {
            (Some(order), value) if !value.is_empty() => {
                format!("With {}, the", markdown::code(&format!("{order}={value}")))
            }
            _ => "The".to_owned(),
        };
        said.push(format!(
            "{order} items of a page come in the opposite order to that of the list. A page is handed out so, and `items` turns them round."
        ));
    }
    let moves = rule.moves.iter().map(|it| {
        let parameter = markdown::code(&it.parameter);
        match it.order.as_str() {
            "" => parameter,
            order => format!("{parameter} in the order {}", markdown::code(order)),
        }
    });
    let mut moves: Vec<String> = moves.collect();
    moves.dedup();
    said.push(format!(
        "The pages move on by {}. Set by the caller, it says where the first page begins.",
        moves.join(", and by ")
    ));
    let others = others(rule, operation);
    let is_moved = |name: &str| rule.moves.iter().all(|it| it.parameter == name);
    let others: Vec<String> = others
        .into_iter()
        .filter(|it| !is_moved(it))
        .map(markdown::code)
        .collect();
    match (others.as_slice(), rule.order.is_some()) {
        ([], _) => {}
        (_, true) => said.push(format!(
            "Of {}, only the one that moves on may be set.",
            others.join(" and ")
        )),
        (_, false) => said.push(format!("{} cannot be set.", others.join(" and "))),
    }
    (of_one, said)
}

/// Parameters of the query that begin or end a page.
fn others<'a>(rule: &'a pages::Pages, operation: &'a Operation) -> Vec<&'a str> {
    if rule.whole.is_some() {
        return Vec::new();
    }
    let query = operation.parameters.iter().filter(|it| it.place == "query");
    let is_cursor = |name: &str| {
        pages::CURSORS.contains(&name) || rule.moves.iter().any(|it| it.parameter == name)
    };
    let names = query.map(|it| it.name.as_str());
    let names: Vec<&str> = names.filter(|name| is_cursor(name)).collect();
    match names.as_slice() {
        // It is the one that moves.
        [_] => Vec::new(),
        _ => names,
    }
}

/// The rule as letta-api has it, without what is as it mostly is.
fn rule(rule: &pages::Pages, operation: &Operation) -> Expr {
    let path = |at: &crate::model::Pointer| {
        let names = &at.0;
        quote!(&[#(#names),*])
    };
    let mut fields = Vec::new();
    if !rule.items.0.is_empty() {
        let items = path(&rule.items);
        fields.push(quote!(items: #items));
    }
    if rule.id.0 != ["id"] {
        let id = path(&rule.id);
        fields.push(quote!(id: #id));
    }
    if rule.parts {
        fields.push(quote!(parts: true));
    }
    if let Some(more) = &rule.more {
        let more = path(more);
        fields.push(quote!(more: Some(#more)));
    }
    if let Some(name) = &rule.order {
        let default = rule.default_order.as_deref().unwrap_or_default();
        fields.push(quote!(order: Some(pages::Order { parameter: #name, default: #default })));
    }
    let moves = rule.moves.iter().map(|step| {
        let pages::Move {
            order, parameter, ..
        } = step;
        let from = match &step.from {
            pages::Fill::Last => quote!(pages::Fill::Last),
            pages::Fill::First => quote!(pages::Fill::First),
            pages::Fill::Count => quote!(pages::Fill::Count),
            pages::Fill::Answer(at) => {
                let at = path(at);
                quote!(pages::Fill::Answer(#at))
            }
        };
        quote!(pages::Move { order: #order, parameter: #parameter, from: #from })
    });
    let moves: Vec<_> = moves.collect();
    if !moves.is_empty() {
        fields.push(quote!(moves: &[#(#moves),*]));
    }
    let others = others(rule, operation);
    if !others.is_empty() {
        fields.push(quote!(others: &[#(#others),*]));
    }
    if let Some((parameter, limit)) = &rule.whole {
        fields.push(quote!(whole: Some(pages::Whole { parameter: #parameter, limit: #limit })));
    }
    parse_quote!(&pages::Rule { #(#fields,)* ..pages::Rule::NONE })
}

/// The call at the end of a method that reads its answer as JSON in one way.
fn call(method: &ImplItemFn) -> Option<&ExprCall> {
    let Some(Stmt::Expr(Expr::Await(awaited), None)) = method.block.stmts.last() else {
        return None;
    };
    match &*awaited.base {
        Expr::Call(call)
            if ["one_error :: json", "call :: json"].contains(&text(&call.func).as_str())
                && matches!(call.args[1], Expr::Path(_)) =>
        {
            Some(call)
        }
        _ => None,
    }
}

/// The `T` and the `E` of `Result<ResponseValue<T>, Error<E>>`.
fn result(output: &ReturnType) -> Option<(Type, Type)> {
    let ReturnType::Type(_, ty) = output else {
        return None;
    };
    let [answer, error] = &arguments(ty, "Result")?[..] else {
        return None;
    };
    let answer = arguments(answer, "ResponseValue")?.first()?.clone();
    let error = arguments(error, "Error")?.first()?.clone();
    Some((answer, error))
}

/// The type of an item, as a method mentions it, and the closure that takes a page's items.
fn items(answer: &Type, rule: &pages::Pages, types: &[Item]) -> Option<(Type, Expr)> {
    let mut list = answer.clone();
    let mut take = quote!(page);
    for name in &rule.items.0 {
        let (field, ty) = field(&list, name, types)?;
        take = quote!(#take.#field);
        list = ty;
        InTypes(types).visit_type_mut(&mut list);
    }
    let item = arguments(&list, "Vec")?.first()?.clone();
    Some((item, parse_quote!(|page| #take)))
}

/// The field for a member of the type that a method mentions as `types::Name`.
fn field(of: &Type, member: &str, types: &[Item]) -> Option<(Ident, Type)> {
    let Type::Path(path) = of else { return None };
    let name = &path.path.segments.last()?.ident;
    let fields = types.iter().find_map(|item| match item {
        Item::Struct(item) if item.ident == *name => Some(&item.fields),
        _ => None,
    })?;
    let Fields::Named(fields) = fields else {
        return None;
    };
    let field = fields.named.iter().find(|field| {
        let ident = field.ident.as_ref().map(Ident::to_string);
        let ident = ident.as_deref().map(|it| it.trim_start_matches("r#"));
        match serde_name(&field.attrs).ok().flatten() {
            Some(name) => name == member,
            None => ident == Some(member),
        }
    })?;
    Some((field.ident.clone()?, field.ty.clone()))
}

/// Writes the names of types as methods do: `types::Agent` for `Agent`.
struct InTypes<'a>(&'a [Item]);

impl VisitMut for InTypes<'_> {
    fn visit_type_path_mut(&mut self, path: &mut syn::TypePath) {
        syn::visit_mut::visit_type_path_mut(self, path);
        let is_known = |name: &Ident| {
            let mut names = self.0.iter().filter_map(super::types::name);
            names.any(|it| *name == it)
        };
        if path.path.leading_colon.is_none()
            && path.path.segments.len() == 1
            && is_known(&path.path.segments[0].ident)
        {
            let segment = &path.path.segments[0];
            path.path = parse_quote!(types::#segment);
        }
    }
}

/// The types that a generic type of this name has.
fn arguments(ty: &Type, of: &str) -> Option<Vec<Type>> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    (last.ident == of).then(|| {
        let types = arguments.args.iter().filter_map(|it| match it {
            GenericArgument::Type(ty) => Some(ty.clone()),
            _ => None,
        });
        types.collect()
    })
}

/// A name that no method has.
fn free_name(wanted: &str, taken: &BTreeSet<String>) -> Ident {
    let mut name = wanted.to_owned();
    while taken.contains(&name) {
        name.push('_');
    }
    format_ident!("{name}")
}

fn text(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string()
}
