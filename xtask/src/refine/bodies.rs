//! Request bodies that progenitor has no form for: those that may be left out, and uploads.

use quote::ToTokens;
use syn::visit_mut::VisitMut;
use syn::{Expr, FnArg, ImplItemFn, Pat, Type, parse_quote};

use super::{method_docs, unexpected};
use crate::diagnostic::Failure;
use crate::model::Operation;

/// Changes the body of an operation that is marked so.
pub(super) fn refine(method: &mut ImplItemFn, operation: &Operation) -> Result<(), Failure> {
    let (ty, send): (fn(&Type) -> Type, fn(&Expr, &Expr) -> Expr) = if operation.upload {
        let owned = |ty: &Type| match ty {
            Type::Reference(reference) => (*reference.elem).clone(),
            ty => ty.clone(),
        };
        (
            owned,
            |request, _| parse_quote!(crate::file_part::send(#request, body.into_form()?).await?),
        )
    } else if operation.optional_body {
        (
            |ty| parse_quote!(Option<#ty>),
            |request, body| parse_quote!(request_body::json_if_any(#request, #body)),
        )
    } else {
        return Ok(());
    };

    let missing = |what: &str| unexpected(&format!("`{}` has no {what}", method.sig.ident));
    let argument = method.sig.inputs.iter_mut().find_map(|input| match input {
        FnArg::Typed(argument) if matches!(&*argument.pat, Pat::Ident(pat) if pat.ident == "body") => {
            Some(argument)
        }
        _ => None,
    });
    let Some(argument) = argument else {
        return Err(missing("argument `body`"));
    };
    argument.ty = Box::new(ty(&argument.ty));
    let mut bodies = Bodies { send, changed: 0 };
    bodies.visit_block_mut(&mut method.block);
    if bodies.changed != 1 {
        return Err(missing("one call of `json`"));
    }
    if operation.upload {
        method
            .attrs
            .push(parse_quote!(#[cfg(feature = "multipart")]));
        method_docs::insert(
            method,
            "Uploads: the body is sent as `multipart/form-data`. Needs the feature `multipart`.",
        );
    } else {
        method_docs::insert(method, "Without a `body`, none is sent.");
    }
    Ok(())
}

/// Makes `request.json(&body)` something else.
struct Bodies {
    send: fn(&Expr, &Expr) -> Expr,
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
            let made = (self.send)(&call.receiver, &body.expr);
            *expr = made;
            self.changed += 1;
        }
    }
}
