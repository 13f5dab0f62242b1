//! A decoder in the form that both models come in: states of the sound go in, and word pieces one after another come
//! out, each step given what the ones before have computed.

use rten::{NodeId, RunError, Value, ValueView};

use crate::engines::models::ModelError;
use crate::engines::runtime::Network;

/// A decoder network, and what is fed and read at each step.
pub(super) struct Decoder {
    network: Network,
    token: NodeId,
    states: NodeId,
    use_cache: NodeId,
    /// The outputs in the order they are read: the logits, then one for each of `caches`.
    outputs: Vec<NodeId>,
    caches: Vec<Cache>,
    /// The shape of an empty cache: heads, then the width of one.
    empty: [usize; 4],
}

/// Keys or values of one layer's attention: an input of the next step, an output of the last.
struct Cache {
    input: NodeId,
    /// Whether it looks at the sound, and so stays what the first step made of it.
    of_sound: bool,
}

/// What the steps so far have computed.
pub(super) struct Memory {
    caches: Vec<Value>,
    first: bool,
}

impl Decoder {
    /// Finds its way in a network whose attention has heads of this width.
    pub(super) fn new(network: Network, heads: usize, width: usize) -> Result<Self, ModelError> {
        let mut outputs = vec![network.node("logits")?];
        let mut caches = Vec::new();
        for name in network.input_names() {
            let Some(which) = name.strip_prefix("past_key_values") else { continue };
            outputs.push(network.node(&format!("present{which}"))?);
            caches
                .push(Cache { input: network.node(&name)?, of_sound: which.contains(".encoder.") });
        }
        Ok(Self {
            token: network.node("input_ids")?,
            states: network.node("encoder_hidden_states")?,
            use_cache: network.node("use_cache_branch")?,
            network,
            outputs,
            caches,
            empty: [0, heads, 1, width],
        })
    }

    /// Begins a text.
    pub(super) fn begin(&self) -> Memory {
        Memory { caches: self.caches.iter().map(|_| self.nothing()).collect(), first: true }
    }

    /// Takes the next pieces and returns the logits of what follows each of them: 1 by pieces by all that there are.
    pub(super) fn step(
        &self,
        tokens: &[u32],
        states: &Value,
        memory: &mut Memory,
    ) -> Result<Value, RunError> {
        let token = Value::from_shape(
            [1, tokens.len()],
            tokens.iter().map(|&t| t as i32).collect::<Vec<_>>(),
        )
        .expect("the shape is the length's own");
        let mut inputs = vec![
            (self.token, token.into()),
            (self.states, states.as_view().into()),
            (self.use_cache, flag(!memory.first).into()),
        ];
        for (cache, value) in self.caches.iter().zip(&mut memory.caches) {
            inputs.push(if cache.of_sound {
                (cache.input, value.as_view().into())
            } else {
                // Given away, so that the network can append to it where it lies.
                (cache.input, std::mem::replace(value, self.nothing()).into())
            });
        }
        let mut outputs = self.network.run(inputs, &self.outputs)?;
        let logits = outputs.remove(0);
        for ((slot, cache), new) in memory.caches.iter_mut().zip(&self.caches).zip(outputs) {
            if memory.first || !cache.of_sound {
                *slot = new;
            }
        }
        memory.first = false;
        Ok(logits)
    }

    /// Returns, for each of some texts, the logarithm of the probability that the states mean it: its pieces from the
    /// second on, each given those before. One run for all of them.
    pub(super) fn weigh(&self, texts: &[Vec<u32>], states: &Value) -> Result<Vec<f32>, RunError> {
        let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
        if longest < 2 {
            return Ok(vec![0.0; texts.len()]);
        }
        // The last piece predicts nothing that is asked for. What fills up comes after all that counts.
        let fed = longest - 1;
        let mut tokens = Vec::with_capacity(texts.len() * fed);
        for text in texts {
            tokens.extend((0..fed).map(|at| text.get(at).map_or(0, |&token| token as i32)));
        }
        let tokens = Value::from_shape([texts.len(), fed], tokens).expect("it was filled up");
        let mut inputs = vec![
            (self.token, tokens.into()),
            (self.states, self.repeated(states, texts.len()).into()),
            (self.use_cache, flag(false).into()),
        ];
        inputs.extend(self.caches.iter().map(|cache| (cache.input, self.nothing().into())));
        let logits = self.network.run(inputs, &self.outputs[..1])?.remove(0);
        let ValueView::FloatTensor(logits) = logits.as_view() else { return Ok(Vec::new()) };
        let logits: Vec<f32> = logits.iter().copied().collect();
        let rows: Vec<&[f32]> = logits.chunks_exact(logits.len() / (texts.len() * fed)).collect();
        Ok((0..)
            .zip(texts)
            .map(|(n, text)| {
                let next = text.iter().skip(1).zip(&rows[n * fed..]);
                next.map(|(&token, row)| log_probability(row, token)).sum()
            })
            .collect())
    }

    /// Returns the states as those of so many equal sounds.
    fn repeated(&self, states: &Value, times: usize) -> Value {
        let ValueView::FloatTensor(one) = states.as_view() else { return self.nothing() };
        let one: Vec<f32> = one.iter().copied().collect();
        let [_, heads, _, width] = self.empty;
        let shape = [times, one.len() / (heads * width), heads * width];
        Value::from_shape(shape, one.repeat(times)).expect("a state is as wide as its heads")
    }

    fn nothing(&self) -> Value {
        Value::from_shape(self.empty, Vec::<f32>::new()).expect("nothing has no elements")
    }
}

/// Returns the likeliest piece after the last of so many, and its probability; some are forbidden. `None` if all are.
pub(super) fn likeliest(
    logits: &Value,
    steps: usize,
    forbidden: impl Fn(u32) -> bool,
) -> Option<(u32, f32)> {
    let ValueView::FloatTensor(logits) = logits.as_view() else { return None };
    let logits: Vec<f32> = logits.iter().copied().collect();
    let row = &logits[logits.len() - logits.len() / steps.max(1)..];
    let allowed = (0..).zip(row).filter(|(token, _)| !forbidden(*token));
    let (token, best) = allowed.max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    let sum: f32 = row.iter().map(|&logit| (logit - best).exp()).sum();
    Some((token, 1.0 / sum.max(1.0)))
}

/// Returns how likely a piece is after the first, second, .. of so many.
pub(super) fn probability(logits: &Value, steps: usize, at: usize, token: u32) -> f32 {
    let ValueView::FloatTensor(logits) = logits.as_view() else { return 0.0 };
    let logits: Vec<f32> = logits.iter().copied().collect();
    let mut rows = logits.chunks_exact((logits.len() / steps.max(1)).max(1));
    rows.nth(at).map_or(0.0, |row| log_probability(row, token).exp())
}

/// Returns the logit of a piece after the only one that there was.
pub(super) fn logit(logits: &Value, token: u32) -> f32 {
    let ValueView::FloatTensor(logits) = logits.as_view() else { return f32::NEG_INFINITY };
    logits.iter().copied().nth(token as usize).unwrap_or(f32::NEG_INFINITY)
}

/// Returns how much to keep if the end goes round in circles: the first time round. Where digits are awaited it takes
/// longer to believe that: "zero" eight times is part of many a number.
pub(super) fn without_loop(said: &[u32], digits: bool) -> Option<usize> {
    (1..=12).find_map(|period| {
        // "five five five five" is a number; a phrase is said four times by no one.
        let times = match (period, digits) {
            (..=2, false) => 8,
            (..=2, true) => 20,
            (_, false) => 4,
            (_, true) => 8,
        };
        let start = said.len().checked_sub(period * times)?;
        let round = &said[start..start + period];
        said[start..].chunks(period).all(|again| again == round).then_some(start + period)
    })
}

fn log_probability(row: &[f32], token: u32) -> f32 {
    let best = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = row.iter().map(|&logit| (logit - best).exp()).sum();
    row.get(token as usize).map_or(f32::NEG_INFINITY, |&logit| logit - best - sum.ln())
}

fn flag(set: bool) -> Value {
    Value::from_shape([1], vec![i32::from(set)]).expect("one is one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_is_cut_after_its_first_round() {
        let without_loop = |said: &[u32]| super::without_loop(said, false);
        assert_eq!(without_loop(&[9, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]), Some(4));
        assert_eq!(without_loop(&[9, 1, 2, 3, 1, 2, 3, 1, 2, 3]), None);
        assert_eq!(without_loop(&[7, 5, 5, 5, 5, 5, 5, 5]), None, "digits repeat");
        assert_eq!(without_loop(&[7, 5, 5, 5, 5, 5, 5, 5, 5]), Some(2));
        assert_eq!(without_loop(&[]), None);
    }

    #[test]
    fn digits_that_are_awaited_may_repeat() {
        let zeros = [vec![7], vec![5; 8]].concat();
        assert_eq!((without_loop(&zeros, false), without_loop(&zeros, true)), (Some(2), None));
        let thrice = [1, 2, 3].repeat(4);
        assert_eq!((without_loop(&thrice, false), without_loop(&thrice, true)), (Some(3), None));
        assert_eq!(without_loop(&[5; 20], true), Some(1), "the model is lost");
    }

    #[test]
    fn a_piece_can_be_forbidden() {
        // Two steps: the last one counts.
        let logits = vec![9.0_f32, 0.0, 0.0, 0.0, 0.0, 1.0, 9.0, 2.0];
        let logits = Value::from_shape([1, 2, 4], logits).unwrap();
        let (token, probability) = likeliest(&logits, 2, |_| false).unwrap();
        assert!(token == 2 && probability > 0.99);
        assert_eq!(likeliest(&logits, 2, |token| token == 2).unwrap().0, 3);
        assert!(likeliest(&logits, 2, |_| true).is_none());
    }

    #[test]
    fn a_row_of_logits_is_a_probability() {
        let row = [0.0_f32, 3.0_f32.ln(), f32::NEG_INFINITY];
        assert!((log_probability(&row, 1) - 0.75_f32.ln()).abs() < 1e-6);
        assert_eq!(log_probability(&row, 7), f32::NEG_INFINITY);
    }
}
