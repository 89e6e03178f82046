//! The SQL of the other files in the words of PostgreSQL.
//!
//! Both systems understand almost all of it. The rest is translated here, word by word:
//!
//! | SQLite | PostgreSQL |
//! |---|---|
//! | `?`, `?2`, `:name` | `$1`, `$2`, `$3` |
//! | `user` | `"user"`, because without quotes it is the name of the database's user |
//! | `fields ->> '$.name'` | `fields ->> 'name' COLLATE "C"`: compared by its bytes |
//! | `INDEXED BY name`, `WITHOUT ROWID` | nothing |

/// A statement with the names of its parameters, in their order.
#[derive(Debug, PartialEq, Eq)]
pub struct Translated {
    /// The statement.
    pub sql: String,
    /// The name of each parameter, with its colon. Empty: it has none.
    pub names: Vec<String>,
}

/// Translates a statement.
pub fn translate(sql: &str) -> Translated {
    let mut out = Translated { sql: String::with_capacity(sql.len()), names: Vec::new() };
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let len = match first {
            '\'' => quoted(rest, '\''),
            '"' => quoted(rest, '"'),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '?' => 1 + digits(rest.get(1..).unwrap_or_default()),
            ':' if rest.starts_with("::") => 2,
            ':' => 1 + word(rest.get(1..).unwrap_or_default()),
            _ if is_word(first) => word(rest),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(len);
        rest = after;
        match first {
            '?' => out.push_place(token.get(1..).and_then(|number| number.parse().ok())),
            ':' if len > 1 && token != "::" => out.push_name(token),
            '\'' if out.sql.trim_end().ends_with("->>") => {
                out.sql.push_str(&token.replacen("'$.", "'", 1));
                out.sql.push_str(" COLLATE \"C\"");
            }
            _ if token == "user" => out.sql.push_str("\"user\""),
            _ if token == "INDEXED" => rest = without(rest, 2),
            _ if token == "WITHOUT" => rest = without(rest, 1),
            _ => out.sql.push_str(token),
        }
    }
    out
}

impl Translated {
    /// A parameter by its number, or the next one.
    fn push_place(&mut self, number: Option<usize>) {
        let number = number.unwrap_or(self.names.len() + 1);
        while self.names.len() < number {
            self.names.push(String::new());
        }
        self.sql.push_str(&format!("${number}"));
    }

    fn push_name(&mut self, name: &str) {
        let known = self.names.iter().position(|known| known == name);
        let place = known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        self.sql.push_str(&format!("${}", place + 1));
    }
}

fn is_word(one: char) -> bool {
    one.is_alphanumeric() || one == '_'
}

fn word(text: &str) -> usize {
    text.find(|one| !is_word(one)).unwrap_or(text.len())
}

fn digits(text: &str) -> usize {
    text.find(|one: char| !one.is_ascii_digit()).unwrap_or(text.len())
}

/// The length of a quoted text at the beginning. A doubled quote is read as two texts.
fn quoted(text: &str, quote: char) -> usize {
    text.char_indices().skip(1).find(|(_, one)| *one == quote).map_or(text.len(), |(at, _)| at + 1)
}

/// The text after some words.
fn without(text: &str, words: usize) -> &str {
    let mut rest = text;
    for _ in 0..words {
        rest = rest.trim_start();
        rest = rest.get(word(rest)..).unwrap_or_default();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::translate;

    fn sql(text: &str) -> String {
        translate(text).sql
    }

    #[test]
    fn parameters_have_numbers() {
        assert_eq!(sql("VALUES (?, ?, ?)"), "VALUES ($1, $2, $3)");
        assert_eq!(sql("a = ?2 OR b = ?1 OR c = ?2"), "a = $2 OR b = $1 OR c = $2");
        let named = translate("a = :b AND c = :de AND f = :b AND g::text = ':h'");
        assert_eq!(named.sql, "a = $1 AND c = $2 AND f = $1 AND g::text = ':h'");
        assert_eq!(named.names, [":b", ":de"]);
    }

    #[test]
    fn the_column_user_is_quoted() {
        assert_eq!(sql("SELECT user, device.user"), "SELECT \"user\", device.\"user\"");
        assert_eq!(sql("'user' users user_id \"user\""), "'user' users user_id \"user\"");
    }

    #[test]
    fn a_field_has_no_path() {
        let field = "fields ->> 'itemId' COLLATE \"C\" = '$.x'";
        assert_eq!(sql("fields ->> '$.itemId' = '$.x'"), field);
    }

    #[test]
    fn hints_for_sqlite_are_left_out() {
        assert_eq!(sql("FROM events INDEXED BY by_user WHERE a = ?"), "FROM events  WHERE a = $1");
        assert_eq!(sql("CREATE TABLE a (b) WITHOUT ROWID; x"), "CREATE TABLE a (b) ; x");
    }

    #[test]
    fn other_texts_stay() {
        let text = "SELECT 'it''s ? :a', \"?\" -- user ?\n FROM ä";
        assert_eq!(sql(text), text);
        assert_eq!(sql("'open ?"), "'open ?");
    }
}
