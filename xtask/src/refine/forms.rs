//! Form bodies: progenitor's helper fails with progenitor's error, which is not ours.

use syn::visit_mut::VisitMut;
use syn::{Expr, parse_quote};

/// Makes `.form_urlencoded(&body)?` say what went wrong in our error, without the body.
pub(super) struct OwnErrors;

impl VisitMut for OwnErrors {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        syn::visit_mut::visit_expr_mut(self, expr);
        if let Expr::Try(tried) = expr
            && let Expr::MethodCall(call) = &*tried.expr
            && call.method == "form_urlencoded"
        {
            *tried.expr = parse_quote! {
                #call.map_err(|_: progenitor_client::Error| {
                    Error::InvalidRequest("the body cannot be written as a form".to_owned())
                })
            };
        }
    }
}
