//! What a page's templates leave behind: a placeholder that nobody has filled in, and the words that stand for no account.

/// What placeholders begin with: Vue, Angular, Handlebars, Twig, Liquid; Twig's tags; JavaScript, JSP; JSF; EJS, ERB, ASP; Thymeleaf.
pub const PLACEHOLDERS: [&str; 6] = ["{{", "{%", "${", "#{", "<%", "[["];

/// What programs print of a variable that has no account's id in it.
const NOBODY: [&str; 9] =
    ["0", "undefined", "null", "none", "nil", "nan", "false", "(not set)", "[object object]"];

/// Whether the text has a placeholder that was not filled in.
pub fn is_unfilled(text: &str) -> bool {
    let bytes = text.as_bytes();
    PLACEHOLDERS.iter().any(|start| bytes.windows(start.len()).any(|part| part == start.as_bytes()))
}

/// Whether the user id is the one that all guests would have.
pub fn is_nobody(id: &str) -> bool {
    NOBODY.iter().any(|word| word.eq_ignore_ascii_case(id))
}
