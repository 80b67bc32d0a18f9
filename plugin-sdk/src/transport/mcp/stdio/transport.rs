//! The library's side: it gets the messages that are its own, and gives its answers.

use std::{io, sync::Arc};

use rmcp::{
    RoleServer,
    model::{ClientJsonRpcMessage, JsonRpcMessage, ServerJsonRpcMessage},
    transport::Transport,
};
use tokio::sync::mpsc;

use super::output::Output;

/// Messages from whoever reads the lines, and to whoever writes them.
pub(super) struct LibraryTransport {
    messages: mpsc::Receiver<ClientJsonRpcMessage>,
    output: Arc<Output>,
}

impl LibraryTransport {
    pub(super) fn new(messages: mpsc::Receiver<ClientJsonRpcMessage>, output: Arc<Output>) -> Self {
        Self { messages, output }
    }
}

impl Transport<RoleServer> for LibraryTransport {
    type Error = io::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let output = Arc::clone(&self.output);
        let id = match &message {
            JsonRpcMessage::Response(response) => Some(&response.id),
            JsonRpcMessage::Error(error) => error.id.as_ref(),
            _ => None,
        };
        let odd = output.answering(id);
        async move {
            let mut json = serde_json::to_vec(&message).unwrap_or_default();
            drop(message);
            if let Some(odd) = odd {
                json = odd.restore(&json);
            }
            output.write(json).await
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        self.messages.recv().await
    }

    async fn close(&mut self) -> io::Result<()> {
        Ok(())
    }
}
