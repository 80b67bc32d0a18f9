//! Calls and configurations, answered in the form of a transport.

use super::{AnswerLimit, Dispatcher, Reported};
use crate::protocol::{
    plugin_config::{self, Vocabulary},
    request::InvokeHookRequest,
    response,
};

impl Dispatcher {
    /// Calls a hook. The answer is a response in the form of the request.
    pub(crate) async fn respond(&self, request: InvokeHookRequest) -> Vec<u8> {
        let limit = AnswerLimit::of_message(self.limits.max_message_size);
        self.respond_within(limit, request).await
    }

    /// As [`respond`](Self::respond), for a transport with a limit of its own.
    pub(crate) async fn respond_within(&self, limit: AnswerLimit, request: InvokeHookRequest) -> Vec<u8> {
        let (encoding, plugin_name) = (request.encoding, request.plugin_name.clone());
        let answer = self.invoke(request).await;
        let plugin_name = plugin_name.as_str();
        answer
            .write(plugin_name, limit, Vec::len, |outcome| {
                response::write(encoding, plugin_name, outcome, self.nesting)
            })
            .unwrap_or_default()
    }

    /// Calls a hook from the same process. The answer is one of a host.
    #[cfg(feature = "host")]
    pub(crate) async fn reply(&self, request: InvokeHookRequest) -> response::Outcome {
        use crate::protocol::error::ReportedError;

        let (encoding, plugin_name) = (request.encoding, request.plugin_name.clone());
        let hook_type = request.hook_type.clone();
        let answer = self.invoke(request).await;
        let limit = AnswerLimit::of_message(self.limits.max_message_size);
        let size = |outcome: &response::Outcome| outcome.as_ref().map_or(0, |reply| reply.result.len());
        let nesting = self.nesting;
        answer
            .write(plugin_name.as_str(), limit, size, |outcome| {
                Ok(outcome.map(|written| written.into_reply(encoding, nesting)))
            })
            .map_err(|error| ReportedError::unsendable(plugin_name.as_str(), hook_type.as_str(), &error))?
    }

    /// A `GetPluginConfigResponse`; empty for a name that is not known. Upper and lower case make no difference.
    pub(crate) fn config_protobuf(&self, name: &str, vocabulary: Vocabulary) -> Vec<u8> {
        plugin_config::write_response(self.reported(name).map(|reported| reported.wire(vocabulary)))
    }

    /// A `GetPluginConfigsResponse`.
    pub(crate) fn configs_protobuf(&self, vocabulary: Vocabulary) -> Vec<u8> {
        plugin_config::write_all(self.all_reported().map(|reported| reported.wire(vocabulary)))
    }

    /// What hosts are told about the instance of this name, in whatever letter case; `{}` for a name that is not known.
    pub(crate) fn config_json(&self, name: &str) -> &str {
        self.reported(name)
            .map_or(plugin_config::NOT_FOUND_JSON, Reported::json)
    }

    /// What hosts are told about every instance, in the order of the file.
    pub(crate) fn configs_json(&self) -> impl Iterator<Item = &str> {
        self.all_reported().map(Reported::json)
    }
}
