//! What search engines want to know: where in a result list a click was, and what a cache answered.

use super::error::{Error, ErrorCode, Problem};
use super::field::{self, boolean, identifier, text};
use super::json::{Object, push_list, push_value};
use super::limits::Limits;
use super::read::Fields;
use super::value::Value;

/// The result list that a click came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// `query`
    pub query: String,
    /// `position`, from 1 over all pages.
    pub position: u64,
    /// `originalPosition`
    pub original_position: Option<u64>,
    /// `page`
    pub page: Option<u64>,
    /// `pageSize`
    pub page_size: Option<u64>,
    /// `originalPageSize`
    pub original_page_size: Option<u64>,
    /// `score`, as decimal text.
    pub score: Option<String>,
    /// `campaign`
    pub campaign: Option<String>,
}

impl Search {
    /// Reads the object `search`.
    pub fn read(mut fields: Fields<'_>, unknown: &mut Vec<Error>) -> Result<Self, Error> {
        let position = |value: &_| field::whole(value, 1, Limits::SAFE_INTEGER);
        let search = Self {
            query: fields.required("query", text)?,
            position: fields.required("position", position)?,
            original_position: fields.optional("originalPosition", position)?,
            page: fields.optional("page", position)?,
            page_size: fields.optional("pageSize", position)?,
            original_page_size: fields.optional("originalPageSize", position)?,
            score: fields.optional("score", field::score)?,
            campaign: fields.optional("campaign", text)?,
        };
        fields.end(unknown);
        Ok(search)
    }

    /// Writes it.
    pub fn write(&self, out: &mut String) {
        let mut object = Object::new(out);
        object
            .text("query", &self.query)
            .whole("position", self.position)
            .some_whole("originalPosition", self.original_position)
            .some_whole("page", self.page)
            .some_whole("pageSize", self.page_size)
            .some_whole("originalPageSize", self.original_page_size);
        if let Some(score) = &self.score {
            object.raw("score", score);
        }
        object.some_text("campaign", self.campaign.as_deref());
        object.end();
    }
}

/// A search that the shop answered from its own cache (FACT-Finder's `log`).
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // The fields are those of index.d.ts, which documents them.
pub struct CacheHit {
    pub query: String,
    pub page: u64,
    pub page_size: u64,
    pub hit_count: u64,
    pub search_time_ms: String,
    pub min_score: String,
    pub max_score: String,
    pub filters: Option<Vec<Value>>,
    pub item_id: Option<String>,
    pub search_field: Option<String>,
    pub custom_sorting: Option<bool>,
    pub additional_info: Option<String>,
}

impl CacheHit {
    /// Reads the fields of the event.
    pub fn read(f: &mut Fields<'_>) -> Result<Self, Error> {
        let count = |value: &Value| field::whole(value, 0, Limits::SAFE_INTEGER);
        Ok(Self {
            query: f.required("query", text)?,
            page: f.required("page", count)?,
            page_size: f.required("pageSize", count)?,
            hit_count: f.required("hitCount", count)?,
            search_time_ms: f.required("searchTimeMs", field::score)?,
            min_score: f.required("minScore", field::score)?,
            max_score: f.required("maxScore", field::score)?,
            filters: f.optional("filters", |value| match value {
                Value::List(list) => Ok(list.clone()),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::Text(_)
                | Value::Map(_)
                | Value::Opaque => Err(Problem::new(ErrorCode::BadType, "must be a list")),
            })?,
            item_id: f.optional("itemId", identifier)?,
            search_field: f.optional("searchField", text)?,
            custom_sorting: f.optional("customSorting", boolean)?,
            additional_info: f.optional("additionalInfo", text)?,
        })
    }

    /// Writes them.
    pub fn write(&self, out: &mut Object<'_>) {
        out.text("query", &self.query)
            .whole("page", self.page)
            .whole("pageSize", self.page_size)
            .whole("hitCount", self.hit_count)
            .raw("searchTimeMs", &self.search_time_ms)
            .raw("minScore", &self.min_score)
            .raw("maxScore", &self.max_score);
        if let Some(filters) = &self.filters {
            push_list(out.key("filters"), filters, push_value);
        }
        out.some_text("itemId", self.item_id.as_deref())
            .some_text("searchField", self.search_field.as_deref());
        if let Some(custom) = self.custom_sorting {
            out.boolean("customSorting", custom);
        }
        out.some_text("additionalInfo", self.additional_info.as_deref());
    }
}
