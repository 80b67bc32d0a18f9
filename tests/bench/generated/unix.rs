//! Frames on a Unix socket, each a message of prost.

use prost::Message;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixListener,
};

#[derive(Clone, PartialEq, Message)]
struct Call {
    #[prost(string, tag = "1")]
    hook_type: String,
    #[prost(string, tag = "2")]
    plugin_name: String,
}

pub async fn serve() -> std::io::Result<()> {
    let listener = UnixListener::bind("plugin.sock")?;
    loop {
        let (mut stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            let length = stream.read_u32().await?;
            let mut message = vec![0; length as usize];
            stream.read_exact(&mut message).await?;
            let mut call = Call::decode(message.as_slice()).map_err(std::io::Error::other)?;
            if call.plugin_name == "CHANGED" {
                call.hook_type.clear();
            }
            stream.write_all(&call.encode_to_vec()).await
        });
    }
}
