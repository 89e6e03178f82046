//! The query parameters of the admin listener. A misspelt one would be ignored silently otherwise,
//! and the answer would be to another question.

use crate::error::Refusal;
use crate::query;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;

/// The route, for requests with these parameters only, each at most once.
pub fn only<S: Clone + Send + Sync + 'static>(
    known: &'static [&'static str],
    route: MethodRouter<S>,
) -> MethodRouter<S> {
    route.layer(from_fn(move |request: Request, next: Next| async move {
        match check(known, request.uri().query().unwrap_or_default()) {
            Ok(()) => next.run(request).await,
            Err(refusal) => refusal.into_response() as Response,
        }
    }))
}

fn check(known: &[&str], query: &str) -> Result<(), Refusal> {
    let mut seen = Vec::new();
    for (name, _) in query::pairs(query)? {
        if !known.contains(&name.as_str()) {
            let known = if known.is_empty() {
                "this address has none".to_owned()
            } else {
                format!("the parameters here are {}", known.join(", "))
            };
            return Err(Refusal::Parameter { name, known });
        }
        if seen.contains(&name) {
            return Err(Refusal::invalid(format!("{name}: must be there once")));
        }
        seen.push(name);
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_parameter_is_named_with_the_known_ones() {
        let sentence = |known: &[&str], query| {
            check(known, query).map_err(|refusal| refusal.sentence().into_owned())
        };
        let known = ["after", "limit"];
        for query in ["", "after=1", "limit=1&after=2", "after", "&&", "%61fter=1"] {
            assert_eq!(sentence(&known, query), Ok(()), "{query}");
        }
        let wrong =
            |name: &str| format!("{name} is no parameter; the parameters here are after, limit");
        assert_eq!(sentence(&known, "afer=1"), Err(wrong("\"afer\"")));
        assert_eq!(sentence(&known, "After=1"), Err(wrong("\"After\"")));
        assert_eq!(sentence(&known, "=1"), Err(wrong("\"\"")));
        assert_eq!(sentence(&known, "a%0Ab=1"), Err(wrong(r#""a\nb""#)));
        assert_eq!(
            sentence(&[], "a"),
            Err("\"a\" is no parameter; this address has none".to_owned())
        );
        assert_eq!(
            sentence(&known, "after=1&after=1"),
            Err("after: must be there once".to_owned())
        );
    }
}
