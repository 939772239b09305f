//! The frame of a clear-signed message (RFC 9580 section 7), read strictly.
//!
//! Past holes of clear-signed files (apt CVE-2013-1051, CVE-2016-1252) came from text outside the
//! frame, or from two readers that saw different texts. So nothing may stand before or after the
//! one frame, and the text read here must be the one that the verifier hashed.

const BEGIN: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &[u8] = b"-----BEGIN PGP SIGNATURE-----";
const END: &[u8] = b"-----END PGP SIGNATURE-----";

/// A clear-signed message, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// The text that is signed: dash-escapes undone, white space at the ends of lines gone, lines
    /// ended by LF, the last one too.
    pub(super) text: Vec<u8>,
    /// How many bytes the signature block has.
    pub(super) signature: usize,
}

/// Whether the bytes are meant to be a clear-signed message.
pub(super) fn is_framed(bytes: &[u8]) -> bool {
    bytes.starts_with(BEGIN)
}

/// Takes the message apart.
pub(super) fn read(bytes: &[u8]) -> Result<Frame, &'static str> {
    let mut lines = bytes.split_inclusive(|&byte| byte == b'\n');
    if lines.next().map(trim) != Some(BEGIN) {
        return Err("it does not begin with a clear-signed message");
    }
    loop {
        match lines.next().map(trim) {
            Some(b"") => break,
            Some(header) if header.starts_with(b"Hash:") => {}
            Some(_) => return Err("its clear-signed message has a header other than Hash"),
            None => return Err("its clear-signed message ends too early"),
        }
    }
    let mut text = Vec::with_capacity(bytes.len());
    let mut signature = 0;
    loop {
        let raw = lines.next().ok_or("it has no signature after the text")?;
        let line = trim(raw);
        if line == SIGNATURE {
            signature += raw.len();
            break;
        }
        let line = match line.strip_prefix(b"- ") {
            Some(escaped) => escaped,
            None if line.starts_with(b"-") => return Err("a dash in its text is not escaped"),
            None => line,
        };
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    end_line(&mut text);
    loop {
        let raw = lines.next().ok_or("its signature ends too early")?;
        signature += raw.len();
        match trim(raw) {
            line if line == END => break,
            line if line.starts_with(b"-") => return Err("its signature holds another frame"),
            _ => {}
        }
    }
    if lines.any(|line| !trim(line).is_empty()) {
        return Err("something follows the signed message");
    }
    Ok(Frame { text, signature })
}

/// The same text as the verifier gives it, in the form of [`Frame::text`].
pub(super) fn normal(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 1);
    for line in text.split(|&byte| byte == b'\n') {
        out.extend_from_slice(trim(line));
        out.push(b'\n');
    }
    end_line(&mut out);
    out
}

/// The line end before the signature is not of the text. Whether the text has one of its own is up
/// to the signer (GnuPG drops it, Sequoia keeps it), so it gets exactly that one.
fn end_line(text: &mut Vec<u8>) {
    text.pop();
    if !text.ends_with(b"\n") {
        text.push(b'\n');
    }
}

/// Without the line end and the white space before it, which no signature covers.
fn trim(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let end = line
        .iter()
        .rposition(|byte| !b" \t".contains(byte))
        .map_or(0, |last| last + 1);
    &line[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nOrigin: x \n- -dash\n\
                        -----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n";

    #[test]
    fn takes_a_message_apart() {
        let frame = read(GOOD.as_bytes()).unwrap();
        assert_eq!(frame.text, b"Origin: x\n-dash\n");
        assert_eq!(
            read(GOOD.replace('\n', "\r\n").as_bytes()).unwrap().text,
            frame.text
        );
        assert_eq!(normal(b"Origin: x\r\n-dash"), frame.text);
    }

    #[test]
    fn nothing_stands_outside_of_the_frame() {
        for bad in [
            format!("\n{GOOD}"),
            format!("Origin: evil\n{GOOD}"),
            format!("{GOOD}Origin: evil\n"),
            format!("{GOOD}{GOOD}"),
            GOOD.replace("Hash", "Comment"),
            GOOD.replace("- -dash", "-dash"),
            GOOD.replace("-----END PGP SIGNATURE-----\n", ""),
            GOOD.replace("abc\n", SIGNATURE_AGAIN),
            GOOD.split("-----BEGIN PGP SIG").next().unwrap().to_owned(),
            String::new(),
        ] {
            assert!(read(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    const SIGNATURE_AGAIN: &str = "abc\n-----BEGIN PGP SIGNATURE-----\n";
}
