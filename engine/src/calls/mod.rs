//! The functions that carry out each kind of input. `Engine::handle` calls them.

mod consent;
mod data_layer;
mod links;
mod login;
mod observe;
pub(crate) mod outbox;
mod track;
