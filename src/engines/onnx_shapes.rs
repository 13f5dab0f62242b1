//! Takes the notes on shapes out of an ONNX file: a network that was written for one length of its input says so of
//! every value in it, and the runtime would hold it against inputs of another.
//!
//! Only as much of the format is read as that needs: a message is a row of fields, each a number, a kind and a value
//! (Protocol Buffers, encoding).

/// `ModelProto.graph`.
const GRAPH: u64 = 7;
/// `GraphProto.value_info`.
const VALUE_INFO: u64 = 13;

/// Returns the file without them; `None` when it is no ONNX file.
pub(super) fn without_shapes(file: &[u8]) -> Option<Vec<u8>> {
    let mut kept = Vec::with_capacity(file.len());
    for field in fields(file) {
        let field = field?;
        match field.number {
            GRAPH => {
                let mut graph = Vec::with_capacity(field.content.len());
                for inner in fields(field.content) {
                    let inner = inner?;
                    if inner.number != VALUE_INFO {
                        graph.extend_from_slice(inner.whole);
                    }
                }
                kept.push((GRAPH << 3 | 2) as u8);
                push_number(&mut kept, graph.len() as u64);
                kept.extend_from_slice(&graph);
            }
            _ => kept.extend_from_slice(field.whole),
        }
    }
    Some(kept)
}

struct Field<'a> {
    number: u64,
    /// With number and kind.
    whole: &'a [u8],
    /// Empty unless it has a length.
    content: &'a [u8],
}

/// Returns the fields of a message; `None` for the first that is broken, and nothing after it.
fn fields(message: &[u8]) -> impl Iterator<Item = Option<Field<'_>>> {
    let mut rest = Some(message).filter(|message| !message.is_empty());
    std::iter::from_fn(move || {
        let whole = rest.take()?;
        let field = field(whole);
        if let Some(field) = &field {
            rest = Some(&whole[field.whole.len()..]).filter(|rest| !rest.is_empty());
        }
        Some(field)
    })
}

fn field(message: &[u8]) -> Option<Field<'_>> {
    let (key, mut at) = number(message)?;
    let mut content: &[u8] = &[];
    at += match key & 7 {
        0 => number(&message[at..])?.1,
        1 => 8,
        5 => 4,
        2 => {
            let (length, taken) = number(&message[at..])?;
            let length = usize::try_from(length).ok()?;
            let begin = at + taken;
            content = message.get(begin..begin.checked_add(length)?)?;
            taken + length
        }
        _ => return None,
    };
    Some(Field { number: key >> 3, whole: message.get(..at)?, content })
}

/// Reads a number in groups of seven bits, the lowest first; returns how many bytes it takes.
fn number(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0;
    for (at, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f).checked_shl(7 * at as u32)?;
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
    }
    None
}

fn push_number(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(number: u64, content: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        push_number(&mut bytes, number << 3 | 2);
        push_number(&mut bytes, content.len() as u64);
        [bytes, content.to_vec()].concat()
    }

    #[test]
    fn shapes_go_and_all_else_stays_as_it_is() {
        let nodes = [message(1, &[7; 200]), message(5, b"weights")].concat();
        let graph =
            [message(13, b"a shape"), nodes.clone(), message(13, b""), vec![15 << 3, 3]].concat();
        let version = vec![1 << 3, 0x88, 1];
        let tail = [vec![9 << 3 | 5, 1, 2, 3, 4], vec![9 << 3 | 1], vec![0; 8]].concat();
        let file = [version.clone(), message(7, &graph), tail.clone()].concat();
        let expected = [version, message(7, &[nodes, vec![15 << 3, 3]].concat()), tail].concat();
        assert_eq!(without_shapes(&file).unwrap(), expected);
        assert_eq!(without_shapes(&[]).unwrap(), Vec::<u8>::new());
    }

    #[test]
    fn what_is_no_onnx_file_is_no_panic() {
        let file = message(7, &message(13, b"a shape"));
        for length in 1..file.len() {
            assert!(without_shapes(&file[..length]).is_none(), "{length}");
        }
        for broken in [
            &[0xff; 40][..],
            &[7 << 3 | 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
            &[3],
        ] {
            assert!(without_shapes(broken).is_none(), "{broken:?}");
        }
    }
}
