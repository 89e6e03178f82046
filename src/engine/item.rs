//! What most events are about: an item.

use super::error::Error;
use super::field::{category_path, identifier, text};
use super::json::Object;
use super::read::Fields;

/// An item of the shop: a product, an article, a video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// `itemId`
    pub id: String,
    /// `itemType`, or the configured default.
    pub item_type: String,
    /// `categoryPath` without outer slashes.
    pub category_path: Option<String>,
    /// `masterId`: the product that a variant belongs to.
    pub master_id: Option<String>,
    /// `title`
    pub title: Option<String>,
}

impl Item {
    /// Reads the fields that every event about an item has.
    pub fn read(fields: &mut Fields<'_>, default_item_type: &str) -> Result<Self, Error> {
        Ok(Self {
            id: fields.required("itemId", identifier)?,
            item_type: item_type(fields, default_item_type)?,
            category_path: fields.optional("categoryPath", category_path)?.flatten(),
            master_id: fields.optional("masterId", identifier)?,
            title: fields.optional("title", text)?,
        })
    }

    /// Writes them.
    pub fn write(&self, out: &mut Object<'_>) {
        out.text("itemType", &self.item_type)
            .text("itemId", &self.id)
            .some_text("categoryPath", self.category_path.as_deref())
            .some_text("masterId", self.master_id.as_deref())
            .some_text("title", self.title.as_deref());
    }
}

/// The field `itemType`, or the default.
pub fn item_type(fields: &mut Fields<'_>, default: &str) -> Result<String, Error> {
    Ok(fields.optional("itemType", identifier)?.unwrap_or_else(|| default.to_owned()))
}
