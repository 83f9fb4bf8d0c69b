//! The vocabulary that the rest of the CLI shares. Of the other modules it uses only `env` and
//! `error`.

pub(crate) mod account;
pub(crate) mod asynchronous;
pub(crate) mod code;
pub(crate) mod credentials;
pub(crate) mod gateway;
pub(crate) mod lambda;
pub(crate) mod mapping;
pub(crate) mod names;
pub(crate) mod notification;
pub(crate) mod resources;
pub(crate) mod since;
pub(crate) mod statement;
pub(crate) mod text;
pub(crate) mod unknown;
