//! Silero VAD v6 at 8 kHz, which is all that a telephone has: a window of 256 samples, 32 ms, with 32 of the window before.

use std::mem;
use std::sync::Arc;

use rten::{NodeId, Value, ValueView};

use crate::base::Frame;
use crate::engines::models::{ModelError, ModelFile, ModelPaths};
use crate::engines::runtime::Network;
use crate::speech::VoiceModel;

/// Samples of a window at 8 kHz.
const WINDOW: usize = 256;
/// Samples of the window before that are shown with it.
const CONTEXT: usize = 32;
/// What it remembers from one window to the next.
const STATE: [usize; 3] = [2, 1, 128];

/// The weights, shared by all legs: 2.3 MB.
pub struct SileroModel {
    network: Network,
    sound: NodeId,
    state: NodeId,
    rate: NodeId,
    outputs: [NodeId; 2],
}

impl SileroModel {
    /// Loads the weights.
    ///
    /// # Errors
    /// When the file is missing, damaged, or not this model.
    pub fn load(paths: &ModelPaths) -> Result<Arc<Self>, ModelError> {
        let network = Network::load(paths, ModelFile::SileroVad)?;
        let outputs = [network.node("output")?, network.node("stateN")?];
        let (sound, state, rate) =
            (network.node("input")?, network.node("state")?, network.node("sr")?);
        Ok(Arc::new(Self { network, sound, state, rate, outputs }))
    }

    /// Returns a judge for one leg.
    pub fn judge(self: &Arc<Self>) -> Box<dyn VoiceModel> {
        Box::new(Silero { model: Arc::clone(self), sound: vec![0.0; CONTEXT], state: nothing() })
    }
}

fn nothing() -> Value {
    let zeros = vec![0.0_f32; STATE.iter().product()];
    Value::from_shape(STATE, zeros).expect("as many as the shape has")
}

/// One leg's.
struct Silero {
    model: Arc<SileroModel>,
    /// At 8 kHz, -1 to 1: the end of the window before, and what has come of the next.
    sound: Vec<f32>,
    state: Value,
}

impl Silero {
    fn run(&mut self) -> Result<f32, String> {
        let window = self.sound[..CONTEXT + WINDOW].to_vec();
        self.sound.drain(..WINDOW);
        let model = &self.model;
        let window = Value::from_shape([1, CONTEXT + WINDOW], window).map_err(|e| e.to_string())?;
        let rate = Value::from_shape([], vec![8_000_i32]).map_err(|e| e.to_string())?;
        let state = mem::replace(&mut self.state, nothing());
        let inputs = vec![
            (model.sound, window.into()),
            (model.state, state.into()),
            (model.rate, rate.into()),
        ];
        let values = model.network.run(inputs, &model.outputs).map_err(|e| e.to_string())?;
        let [said, state] =
            <[Value; 2]>::try_from(values).map_err(|_| "it said too little".to_owned())?;
        self.state = state;
        match said.as_view() {
            ValueView::FloatTensor(said) => {
                said.iter().next().copied().ok_or("it said nothing".to_owned())
            }
            _ => Err("it said no float".to_owned()),
        }
    }
}

impl VoiceModel for Silero {
    fn push(&mut self, frame: &Frame) -> Result<Option<f32>, String> {
        // Of a telephone's 8 kHz every second sample is as it came; of more, what is above 4 kHz is folded into a hiss.
        self.sound.extend(frame.0.iter().step_by(2).map(|&s| f32::from(s) / 32_768.0));
        match self.sound.len() >= CONTEXT + WINDOW {
            true => self.run().map(Some),
            false => Ok(None),
        }
    }

    fn reset(&mut self) {
        self.sound.clear();
        self.sound.resize(CONTEXT, 0.0);
        self.state = nothing();
    }
}
