//! One HTTP/1.1 connection of a client, blocking, kept open.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// A server that takes longer is given up: the call may have happened.
pub(crate) const PATIENCE: Duration = Duration::from_secs(8);

/// A call that got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// It did not reach the server.
    NotSent,
    /// It may have.
    Lost,
}

/// A connection, made when it is needed.
pub(crate) struct Connection {
    port: u16,
    stream: Option<BufReader<TcpStream>>,
}

impl Connection {
    pub(crate) fn to(port: u16) -> Self {
        Self { port, stream: None }
    }

    /// Posts JSON; status and body.
    pub(crate) fn post(&mut self, path: &str, body: &str) -> Result<(u16, String), NoAnswer> {
        if self.stream.is_none() {
            self.stream = Some(BufReader::new(self.connect().map_err(|_| NoAnswer::NotSent)?));
        }
        let answer = self.stream.as_mut().map(|stream| ask(stream, path, body));
        match answer {
            Some(Ok(answer)) => Ok(answer),
            _ => {
                self.stream = None;
                Err(NoAnswer::Lost)
            }
        }
    }

    fn connect(&self) -> std::io::Result<TcpStream> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(stream)
    }
}

fn ask(stream: &mut BufReader<TcpStream>, path: &str, body: &str) -> std::io::Result<(u16, String)> {
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: race\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.get_mut().write_all(request.as_bytes())?;
    let broken = || std::io::Error::from(std::io::ErrorKind::InvalidData);
    let mut line = String::new();
    let mut read_line = |stream: &mut BufReader<TcpStream>| {
        line.clear();
        match stream.read_line(&mut line)? {
            0 => Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof)),
            _ => Ok(line.trim_end().to_ascii_lowercase()),
        }
    };
    let status = read_line(stream)?.get(9..12).and_then(|code| code.parse().ok()).ok_or_else(broken)?;
    let mut length = 0;
    loop {
        let header = read_line(stream)?;
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length: ") {
            length = value.parse().map_err(|_| broken())?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((status, String::from_utf8(body).map_err(|_| broken())?))
}
