//! Lines as the data of records.

use serde::Serialize;

/// Bytes of one record's data at most: below Kinesis's 1 MiB, which counts the partition key too.
pub const RECORD_BYTES_MAX: usize = 900 * 1024;

/// Joins lines into the data of records, in order: one record, unless they are more than one can hold.
///
/// # Errors
/// When a line cannot be written as JSON, which no valid line causes.
pub fn encode<L: Serialize>(lines: &[L]) -> Result<Vec<Vec<u8>>, serde_json::Error> {
    let mut texts = Vec::with_capacity(lines.len());
    write(lines, &mut texts)?;
    Ok(join(texts))
}

/// Writes lines behind others that are texts already, each with no byte to spare.
///
/// # Errors
/// When a line cannot be written as JSON, which no valid line causes.
pub fn write<L: Serialize>(lines: &[L], texts: &mut Vec<Vec<u8>>) -> Result<(), serde_json::Error> {
    let mut buffer = Vec::new();
    for line in lines {
        buffer.clear();
        serde_json::to_writer(&mut buffer, line)?;
        texts.push(buffer.as_slice().to_vec());
    }
    Ok(())
}

/// Joins lines that are texts already. A record has no byte to spare either.
#[must_use]
pub fn join(lines: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut rest = lines.iter().map(Vec::len).peekable();
    let mut sizes = Vec::new();
    while let Some(mut size) = rest.next() {
        let mut count = 1;
        while let Some(more) = rest.next_if(|more| size + 1 + more <= RECORD_BYTES_MAX) {
            (size, count) = (size + 1 + more, count + 1);
        }
        sizes.push((size, count));
    }
    let mut lines = lines.into_iter();
    let record = |(size, count)| {
        let mut data = Vec::with_capacity(size);
        for line in lines.by_ref().take(count) {
            if !data.is_empty() {
                data.push(b'\n');
            }
            data.extend_from_slice(&line);
        }
        data
    };
    sizes.into_iter().map(record).collect()
}
