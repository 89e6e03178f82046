//! Recognises output of a page's templates: placeholders that were not filled in, and words for "no
//! account".

/// The beginnings of placeholders: Vue, Angular, Handlebars, Twig, Liquid; Twig's tags; JavaScript,
/// JSP; JSF; EJS, ERB, ASP; Thymeleaf.
pub const PLACEHOLDERS: [&str; 6] = ["{{", "{%", "${", "#{", "<%", "[["];

/// The output of programs for a variable without an account id, in any case.
pub const GUESTS: [&str; 9] =
    ["0", "undefined", "null", "none", "nil", "nan", "false", "(not set)", "[object object]"];

/// The output of programs for a variable without a value, where an id should be.
const EMPTY: [&str; 4] = ["undefined", "null", "NaN", "[object Object]"];

/// Whether the id is the output of a program for a variable without a value.
pub fn is_empty_variable(id: &str) -> bool {
    EMPTY.contains(&id)
}

/// Whether the text has a placeholder that was not filled in.
pub fn is_unfilled(text: &str) -> bool {
    let bytes = text.as_bytes();
    PLACEHOLDERS.iter().any(|start| bytes.windows(start.len()).any(|part| part == start.as_bytes()))
}

/// Whether the user id is a template's output that all guests share.
pub fn is_guest(id: &str) -> bool {
    GUESTS.iter().any(|word| word.eq_ignore_ascii_case(id))
}
