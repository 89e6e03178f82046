//! The parameters of a statement.

use rusqlite::types::{ToSql, ToSqlOutput, Value as Owned, ValueRef};

/// A parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Param<'a> {
    /// NULL.
    Null,
    /// A whole number.
    Whole(i64),
    /// True or false.
    Flag(bool),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match *self {
            Self::Null => ToSqlOutput::Owned(Owned::Null),
            Self::Whole(number) => ToSqlOutput::Owned(Owned::Integer(number)),
            Self::Flag(flag) => ToSqlOutput::Owned(Owned::Integer(i64::from(flag))),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

/// A value that can be a parameter.
pub trait Value {
    /// The parameter.
    fn param(&self) -> Param<'_>;
}

impl Value for i64 {
    fn param(&self) -> Param<'_> {
        Param::Whole(*self)
    }
}

impl Value for u32 {
    fn param(&self) -> Param<'_> {
        Param::Whole(i64::from(*self))
    }
}

impl Value for bool {
    fn param(&self) -> Param<'_> {
        Param::Flag(*self)
    }
}

impl Value for str {
    fn param(&self) -> Param<'_> {
        Param::Text(self)
    }
}

impl Value for String {
    fn param(&self) -> Param<'_> {
        Param::Text(self)
    }
}

impl Value for Vec<u8> {
    fn param(&self) -> Param<'_> {
        Param::Bytes(self)
    }
}

impl<T: Value> Value for Option<T> {
    fn param(&self) -> Param<'_> {
        self.as_ref().map_or(Param::Null, Value::param)
    }
}

impl<T: Value + ?Sized> Value for &T {
    fn param(&self) -> Param<'_> {
        (*self).param()
    }
}

impl<T: Value + ?Sized> Value for Box<T> {
    fn param(&self) -> Param<'_> {
        (**self).param()
    }
}

/// The parameters of a statement, in its order.
pub trait Params {
    /// All of them.
    fn list(&self) -> Vec<Param<'_>>;
}

impl Params for () {
    fn list(&self) -> Vec<Param<'_>> {
        Vec::new()
    }
}

impl<T: Value, const N: usize> Params for [T; N] {
    fn list(&self) -> Vec<Param<'_>> {
        self.iter().map(Value::param).collect()
    }
}

impl<T: Value> Params for &[T] {
    fn list(&self) -> Vec<Param<'_>> {
        self.iter().map(Value::param).collect()
    }
}

impl<A: Value, B: Value> Params for (A, B) {
    fn list(&self) -> Vec<Param<'_>> {
        vec![self.0.param(), self.1.param()]
    }
}

impl<A: Value, B: Value, C: Value> Params for (A, B, C) {
    fn list(&self) -> Vec<Param<'_>> {
        vec![self.0.param(), self.1.param(), self.2.param()]
    }
}

impl<A: Value, B: Value, C: Value, D: Value> Params for (A, B, C, D) {
    fn list(&self) -> Vec<Param<'_>> {
        vec![self.0.param(), self.1.param(), self.2.param(), self.3.param()]
    }
}

/// Parameters of different types.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$(&$value as &dyn $crate::store::db::Value),*] as &[&dyn $crate::store::db::Value]
    };
}
pub(crate) use params;
