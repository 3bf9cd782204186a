//! Request bodies that progenitor has no form for: those that may be left out, and uploads.

use quote::ToTokens;
use syn::visit_mut::VisitMut;
use syn::{Expr, FnArg, ImplItemFn, Pat, Type, parse_quote};

use super::unexpected;
use crate::diagnostic::Failure;
use crate::model::Operation;

#[derive(Clone, Copy)]
enum Kind {
    Optional,
    Upload,
}

impl Kind {
    /// The type of the argument, of what it was.
    fn argument(self, ty: &Type) -> Type {
        match (self, ty) {
            (Self::Optional, ty) => parse_quote!(Option<#ty>),
            // What is read as it is sent cannot be sent twice.
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

/// Changes the body of an operation that is marked so. Gives what is to be said of it.
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
        Kind::Optional => "Without a `body`, none is sent.",
        Kind::Upload => "The body is sent as `multipart/form-data`. Needs the feature `multipart`.",
    };
    Ok(Some(said.to_owned()))
}

/// Makes `request.json(&body)` something else.
struct Bodies {
    kind: Kind,
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
