//! A prepared statement.

use super::postgres::{Postgres, Prepared};
use super::value::Params;
use super::{Error, Result, Row, Rows, Value};
use rusqlite::params_from_iter;
use std::sync::Arc;

/// A prepared statement.
#[allow(missing_debug_implementations)]
pub enum Statement<'a> {
    /// Of SQLite.
    Sqlite(rusqlite::CachedStatement<'a>),
    /// Of PostgreSQL.
    Postgres(&'a Postgres, Arc<Prepared>),
}

impl Statement<'_> {
    /// Runs it. Returns the number of rows that it changed.
    ///
    /// # Errors
    /// It fails.
    pub fn execute(&mut self, params: impl Params) -> Result<usize> {
        match self {
            Self::Sqlite(statement) => Ok(statement.execute(params_from_iter(params.list()))?),
            Self::Postgres(open, prepared) => open.execute(prepared, &params.list()),
        }
    }

    /// Runs it as a query.
    ///
    /// # Errors
    /// It fails.
    pub fn query(&mut self, params: impl Params) -> Result<Rows<'_>> {
        match self {
            Self::Sqlite(statement) => {
                Ok(Rows::Sqlite(statement.query(params_from_iter(params.list()))?))
            }
            Self::Postgres(open, prepared) => {
                let rows = open.query(prepared, &params.list())?;
                Ok(Rows::Postgres(rows.into_iter(), None))
            }
        }
    }

    /// Reads the first row.
    ///
    /// # Errors
    /// The query fails or has no row.
    pub fn query_row<T>(
        &mut self,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        match self.query(params)?.next()? {
            Some(row) => read(&row),
            None => Err(Error::NoRow),
        }
    }

    /// Reads all rows.
    ///
    /// # Errors
    /// The query fails, or the first error of `read`.
    pub fn query_map<T>(
        &mut self,
        params: impl Params,
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut rows = self.query(params)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read(&row)?);
        }
        Ok(all)
    }

    /// Whether the query has a row.
    ///
    /// # Errors
    /// It fails.
    pub fn exists(&mut self, params: impl Params) -> Result<bool> {
        Ok(self.query(params)?.next()?.is_some())
    }
}

/// Runs a query of SQLite with those of the named parameters that it has.
pub fn query_named<'a>(
    statement: &'a mut rusqlite::CachedStatement<'_>,
    named: &[(&str, &dyn Value)],
) -> Result<rusqlite::Rows<'a>> {
    for (name, value) in named {
        if let Some(place) = statement.parameter_index(name)? {
            statement.raw_bind_parameter(place, value.param())?;
        }
    }
    Ok(statement.raw_query())
}
