//! A TCP proxy between client and server that breaks connections in the ways that networks do.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The connection is reset before the request was read.
    ResetBefore,
    /// The server gets the request; the connection is closed instead of bringing its answer.
    LoseReply,
    /// Only so many bytes of the answer arrive.
    CutReply(usize),
    /// The answer comes later than anybody waits.
    TooSlow,
    /// The answer arrives byte by byte, but in time.
    Trickle,
    /// Something in between answers with its own page.
    GatewayPage(u16),
}

/// A running proxy. Requests without a planned fault pass.
pub(super) struct Proxy {
    pub(super) url: String,
    faults: Arc<Mutex<VecDeque<Fault>>>,
}

impl Proxy {
    /// Starts one in front of a server's URL.
    pub(super) async fn start(server: &str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let faults: Arc<Mutex<VecDeque<Fault>>> = Arc::default();
        let (planned, server) = (Arc::clone(&faults), server.trim_start_matches("http://").to_owned());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (planned, server) = (Arc::clone(&planned), server.clone());
                // A broken connection is what this is about.
                tokio::spawn(async move { drop(pass(client, &server, &planned).await) });
            }
        });
        Ok(Self { url, faults })
    }

    pub(super) fn will(&self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).extend(faults);
    }

    pub(super) fn heal(&self) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// One request per connection: what is forwarded asks the server to close.
async fn pass(mut client: TcpStream, server: &str, planned: &Mutex<VecDeque<Fault>>) -> anyhow::Result<()> {
    client.readable().await?;
    // The reading of revocations is not what faults are planned for.
    let mut start = [0; 4];
    let is_post = client.peek(&mut start).await? == 4 && &start == b"POST";
    let fault = if is_post { planned.lock().unwrap_or_else(PoisonError::into_inner).pop_front() } else { None };
    if fault == Some(Fault::ResetBefore) {
        // Closing with unread bytes sends a reset.
        return Ok(());
    }
    let request = read_request(&mut client).await?;
    if let Some(Fault::GatewayPage(status)) = fault {
        let page = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: text/html\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno"
        );
        return Ok(client.write_all(page.as_bytes()).await?);
    }
    let mut upstream = TcpStream::connect(server).await?;
    upstream.write_all(&request).await?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).await?;
    match fault {
        Some(Fault::LoseReply) => {}
        Some(Fault::CutReply(bytes)) => client.write_all(&answer[..bytes.min(answer.len())]).await?,
        Some(Fault::TooSlow) => tokio::time::sleep(Duration::from_secs(30)).await,
        Some(Fault::Trickle) => {
            for byte in answer.chunks(97) {
                client.write_all(byte).await?;
                client.flush().await?;
                tokio::task::yield_now().await;
            }
        }
        _ => client.write_all(&answer).await?,
    }
    Ok(())
}

/// Reads one request, and makes it the connection's last.
async fn read_request(client: &mut TcpStream) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let mut more = [0; 4096];
        let read = client.read(&mut more).await?;
        anyhow::ensure!(read > 0, "the client has gone");
        bytes.extend_from_slice(&more[..read]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        if bytes.len() >= end + 4 + length.unwrap_or(0_usize) {
            bytes.splice(end..end, b"\r\nconnection: close".iter().copied());
            return Ok(bytes);
        }
    }
}
