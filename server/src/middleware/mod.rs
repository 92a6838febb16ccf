//! What stands between the socket and the handlers, one concern to a file.

pub(crate) mod addresses;
pub(crate) mod cross_site;
pub(crate) mod forms;
pub(crate) mod headers;
pub(crate) mod licensing_api;
pub(crate) mod management_api;
pub(crate) mod problems;
pub(crate) mod request_id;
pub(crate) mod vendor;
pub(crate) mod visit;
