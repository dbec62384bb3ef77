//! The body of a request as it was before compression.

use crate::limits::BODY_BYTES_MAX;
use crate::problem::Problem;
use flate2::read::MultiGzDecoder;
use std::borrow::Cow;
use std::io::Read;

/// Undoes a `Content-Encoding`: none (`""` or `identity`), or `gzip`. Stops at the largest body that is taken, so that a
/// bomb costs no more than an honest body.
///
/// # Errors
/// 400 when it is no gzip, 413 when it is too large, 415 for any other encoding.
pub fn decoded<'a>(encoding: &str, raw: &'a [u8]) -> Result<Cow<'a, [u8]>, Problem> {
    match encoding.trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(Cow::Borrowed(raw)),
        "gzip" => {
            let bytes = unpacked(raw).map_err(|_| Problem::bad_request("the body is not valid gzip"))?;
            if bytes.len() > BODY_BYTES_MAX { Err(too_large()) } else { Ok(Cow::Owned(bytes)) }
        }
        _ => Err(Problem::unsupported("send the body as it is, or with `Content-Encoding: gzip`")),
    }
}

/// At most one byte more than is taken. What it says of its own length is believed at first, and room for the most is made at
/// once where that was too little: a buffer that doubles would for a moment be three times what it holds.
fn unpacked(raw: &[u8]) -> std::io::Result<Vec<u8>> {
    const MOST: usize = BODY_BYTES_MAX + 1;
    let mut reader = MultiGzDecoder::new(raw);
    let mut bytes = Vec::new();
    for room in [length_told(raw).min(MOST), MOST] {
        let from = bytes.len();
        bytes.reserve_exact(room - from.min(room));
        bytes.resize(room.max(from), 0);
        let count = fill(&mut reader, &mut bytes[from..])?;
        bytes.truncate(from + count);
        if bytes.len() < room {
            break;
        }
    }
    Ok(bytes)
}

/// Reads until there is no more, or no room; says how much.
fn fill(reader: &mut impl Read, mut into: &mut [u8]) -> std::io::Result<usize> {
    let mut count = 0;
    while !into.is_empty() {
        match reader.read(into) {
            Ok(0) => break,
            Ok(read) => {
                count += read;
                into = &mut into[read..];
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

/// The refusal of a body that is too large.
#[must_use]
pub fn too_large() -> Problem {
    Problem::too_large(format!(
        "at most {BODY_BYTES_MAX} bytes are taken, decompressed: send smaller batches"
    ))
}

/// The length that stands at the end of gzip (RFC 1952, section 2.3.1: ISIZE).
fn length_told(raw: &[u8]) -> usize {
    raw.last_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_body_is_read_whatever_it_says_of_its_length() {
        let honest = gzip(b"{}");
        assert_eq!(decoded("gzip", &honest).unwrap().as_ref(), b"{}");
        assert_eq!(decoded(" GZIP ", &[&honest[..], &honest].concat()).unwrap().as_ref(), b"{}{}");
        assert!(matches!(decoded("identity", b"{}"), Ok(Cow::Borrowed(b"{}"))));
        let liar = [&honest[..honest.len() - 4], &[0xff; 4]].concat();
        assert_eq!(decoded("gzip", &liar).unwrap_err().status(), 400);
    }

    #[test]
    fn a_bomb_is_refused_at_the_limit() {
        let bomb = gzip(&vec![b' '; 20 * BODY_BYTES_MAX]);
        assert!(bomb.len() < BODY_BYTES_MAX / 40);
        assert_eq!(decoded("gzip", &bomb).unwrap_err().status(), 413);
        let most = vec![b' '; BODY_BYTES_MAX];
        assert_eq!(decoded("gzip", &gzip(&most)).unwrap().len(), BODY_BYTES_MAX);
        assert_eq!(decoded("br", b"").unwrap_err().status(), 415);
    }
}
