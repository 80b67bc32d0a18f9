//! Gives requests an id that their responses have too, and responses the headers that browsers heed.

mod settings;
#[cfg(test)]
mod tests;

use plugin_sdk::prelude::*;

use crate::settings::{Settings, header};

/// Where the hook of the response finds the id that the hook of the request chose.
const REQUEST_ID: &str = "request_id";
/// The longest id of a client that is kept.
const LONGEST_ID: usize = 128;

/// Gives requests an id that their responses have too, and responses the headers that browsers heed.
#[plugin(
    hooks = [http_pre_request, http_post_request],
    config = Settings,
    tags = ["http", "headers"],
)]
struct HttpHeaders {
    request_id_header: String,
    keep_client_ids: bool,
    response_headers: Vec<(String, String)>,
}

impl HttpHeaders {
    async fn configure(settings: Settings) -> Result<Self, PluginError> {
        let (request_id_header, _) = header("request_id_header", &settings.request_id_header, "")?;
        let headers = settings.response_headers.iter();
        let response_headers = headers.map(|(name, value)| header("response_headers", name, value));
        Ok(Self {
            request_id_header,
            keep_client_ids: settings.keep_client_ids,
            response_headers: response_headers.collect::<Result<_, _>>()?,
        })
    }

    /// The result has the headers to set, and no other: the gateway lays them over those of the request.
    async fn http_pre_request(
        &self,
        payload: HttpPreRequestPayload,
        context: &mut PluginContext,
    ) -> HookResult<HttpPreRequestResultPayload> {
        let of_client = find(&payload.headers, &self.request_id_header);
        if let Some(id) = of_client.filter(|id| self.keep_client_ids && is_id(id)) {
            context.state_mut().insert(REQUEST_ID.into(), id.into());
            return Ok(PluginResult::allow());
        }
        // The one that the gateway's own log has. Whatever the client sent must not get through.
        let id = context.request_id().to_owned();
        context.state_mut().insert(REQUEST_ID.into(), id.as_str().into());
        let mut headers = HttpPreRequestResultPayload::new();
        headers.insert(self.request_id_header.as_str().into(), id);
        Ok(PluginResult::modify_payload(headers))
    }

    async fn http_post_request(
        &self,
        payload: HttpPostRequestPayload,
        context: &mut PluginContext,
    ) -> HookResult<HttpPostRequestResultPayload> {
        // The state is that of the request's hook. It is empty if that one failed, for which the gateway stops no request.
        let id = context.state().get(REQUEST_ID).and_then(Value::as_str);
        let id = id.unwrap_or(context.request_id()).to_owned();
        let there = payload.response_headers.unwrap_or_default();
        let mut headers: HttpPostRequestResultPayload = self
            .response_headers
            .iter()
            .filter(|(name, _)| find(&there, name).is_none())
            .cloned()
            .collect();
        headers.insert(self.request_id_header.as_str().into(), id);
        Ok(PluginResult::modify_payload(headers))
    }
}

/// The value of a header, whatever the letter case of its name.
fn find<'a>(headers: &'a Map<String>, wanted: &str) -> Option<&'a str> {
    let mut headers = headers.iter();
    let (_, value) = headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
    Some(value)
}

/// Whether this can be an id: it goes into logs, where line breaks and colours would do harm.
fn is_id(text: &str) -> bool {
    let is_harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(is_harmless)
}

fn main() -> std::process::ExitCode {
    plugin_sdk::run::<HttpHeaders>()
}
