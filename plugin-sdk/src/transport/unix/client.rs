//! Calls a hook over a socket as the host half does it, for `invoke --transport unix`.

use std::path::Path;

use crate::{
    host::{
        HostSettings,
        config::target::{Reconnect, UnixTarget},
        transport::{Method, Request, Transport},
        unix::UnixTransport,
    },
    transport::JsonCall,
};

/// Calls a hook and gives its answer in the form that MCP has.
pub(crate) async fn invoke(path: &Path, call: &JsonCall<'_>) -> Result<String, String> {
    let target = UnixTarget {
        path: path.to_owned(),
        reconnect: Reconnect::default(),
        timeout: None,
    };
    let transport = UnixTransport::new(&target, &HostSettings::default());
    call.over(async |message| {
        let request = Request::new(Method::InvokeHook, call.plugin_name, message);
        let answer = transport.exchange(&request).await;
        answer.map_err(|failure| format!("the call over the socket failed: {failure}"))
    })
    .await
}
