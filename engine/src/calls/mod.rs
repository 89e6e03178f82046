//! What the engine does with each kind of input. `Engine::handle` says which function takes which.

mod consent;
mod data_layer;
mod links;
mod login;
mod observe;
pub(crate) mod outbox;
mod track;
