//! Request bodies that progenitor does not support: those that may be left out, uploads, and JSON under another name.
//!
//! progenitor writes `.json(&body)` with `body: &'a types::Body`. For a body that may be left out, this becomes
//! `body::json_if_any(request, body)` with `body: Option<&'a types::Body>`. An upload is taken by value. JSON under another name becomes
//! `body::json_as(request, "application/vnd.api+json", &body)`.

use quote::ToTokens;
use syn::visit_mut::VisitMut;
use syn::{Expr, FnArg, ImplItemFn, Pat, Type, parse_quote};

use super::types::optional;
use super::unexpected;
use crate::diagnostic::Failure;
use crate::markdown;
use crate::model::Operation;

/// What is special about a body.
#[derive(Clone, Copy)]
enum Kind {
    /// It may be left out.
    Optional,
    /// It is a form.
    Upload,
}

impl Kind {
    /// The new type of the argument.
    fn argument(self, ty: &Type) -> Type {
        match (self, ty) {
            // A body that may be null is an `Option` already. `None` sends no body: the service does not tell the two apart.
            (Self::Optional, ty) if optional(ty).is_some() => ty.clone(),
            (Self::Optional, ty) => parse_quote!(Option<#ty>),
            // A file may be a stream, which is used up by sending it.
            (Self::Upload, Type::Reference(reference)) => (*reference.elem).clone(),
            (Self::Upload, ty) => ty.clone(),
        }
    }

    /// The request with the body in it.
    fn send(self, request: &Expr) -> Expr {
        match self {
            Self::Optional => parse_quote!(body::json_if_any(#request, body)),
            Self::Upload => {
                parse_quote!(crate::support::file_part::send(#request, body.into_form()?).await?)
            }
        }
    }
}

/// Changes the body of an operation that has such a note. Returns the sentence about it for the method's documentation.
pub(super) fn refine(
    method: &mut ImplItemFn,
    operation: &Operation,
) -> Result<Option<String>, Failure> {
    let kind = match operation {
        Operation { upload: true, .. } => Kind::Upload,
        Operation {
            optional_body: true,
            ..
        } => Kind::Optional,
        _ => return Ok(None),
    };
    let id = method.sig.ident.to_string();
    let missing = |what: &str| unexpected(&format!("`{id}` has no {what}"));
    let argument = method.sig.inputs.iter_mut().find_map(|input| match input {
        FnArg::Typed(it) if matches!(&*it.pat, Pat::Ident(pat) if pat.ident == "body") => Some(it),
        _ => None,
    });
    let argument = argument.ok_or_else(|| missing("argument `body`"))?;
    *argument.ty = kind.argument(&argument.ty);
    let mut bodies = Bodies { kind, changed: 0 };
    bodies.visit_block_mut(&mut method.block);
    if bodies.changed != 1 {
        return Err(missing("one call of `json`"));
    }
    if let Kind::Upload = kind {
        let feature = parse_quote!(#[cfg(feature = "multipart")]);
        method.attrs.push(feature);
    }
    let said = match kind {
        Kind::Optional => "If `body` is `None`, the request has no body.",
        Kind::Upload => "The body is sent as `multipart/form-data`. Needs the feature `multipart`.",
    };
    Ok(Some(said.to_owned()))
}

/// Replaces `request.json(&body)`.
struct Bodies {
    kind: Kind,
    /// How many were replaced. There must be exactly one.
    changed: usize,
}

impl VisitMut for Bodies {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        syn::visit_mut::visit_expr_mut(self, expr);
        if let Expr::MethodCall(call) = expr
            && call.method == "json"
            && let Some(Expr::Reference(body)) = call.args.first()
            && body.expr.to_token_stream().to_string() == "body"
        {
            *expr = self.kind.send(&call.receiver);
            self.changed += 1;
        }
    }
}

/// Has a method send its JSON under this name.
pub(super) fn name(method: &mut ImplItemFn, media_type: &str) -> Result<(), Failure> {
    let mut named = Named {
        media_type,
        changed: 0,
    };
    named.visit_block_mut(&mut method.block);
    match named.changed {
        1 => Ok(()),
        _ => Err(unexpected(&format!(
            "`{}` has no one place where its body is sent as JSON",
            method.sig.ident
        ))),
    }
}

/// The sentence about the name for the method's documentation.
pub(super) fn said(media_type: &str) -> String {
    format!("The body is sent as {}.", markdown::code(media_type))
}

struct Named<'a> {
    media_type: &'a str,
    changed: usize,
}

impl VisitMut for Named<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        syn::visit_mut::visit_expr_mut(self, expr);
        let name = self.media_type;
        *expr = match expr {
            Expr::MethodCall(call) if call.method == "json" && call.args.len() == 1 => {
                let (request, body) = (&call.receiver, &call.args[0]);
                parse_quote!(body::json_as(#request, #name, #body))
            }
            Expr::Call(call)
                if call.func.to_token_stream().to_string() == "body :: json_if_any"
                    && call.args.len() == 2 =>
            {
                let (request, body) = (&call.args[0], &call.args[1]);
                parse_quote!(body::json_if_any_as(#request, #name, #body))
            }
            _ => return,
        };
        self.changed += 1;
    }
}
