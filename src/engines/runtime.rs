//! Runs a network: the one place that knows the ONNX runtime's habits.
//!
//! The weights are shared by all threads; a run works on one thread, the caller's own helper, so
//! that K inference threads use K cores and not K times all of them.

use std::sync::Arc;

use rten::{
    Model, ModelOptions, NodeId, RunError, RunOptions, ShapeInferenceMode, ThreadPool, Value,
    ValueOrView,
};

use super::models::{ModelError, ModelFile, ModelPaths};
use super::onnx_shapes::without_shapes;

thread_local! {
    /// Started by the first run on a thread, and so with that thread's priority.
    static POOL: Arc<ThreadPool> = Arc::new(ThreadPool::with_num_threads(1));
}

/// A loaded network.
pub(super) struct Network {
    model: Model,
    file: ModelFile,
    paths: ModelPaths,
}

impl Network {
    /// Reads, checks and loads a file.
    pub(super) fn load(paths: &ModelPaths, file: ModelFile) -> Result<Self, ModelError> {
        let bytes = paths.read(file)?;
        let model = Model::load(bytes).map_err(|e| unusable(paths, file, e))?;
        Ok(Self { model, file, paths: paths.clone() })
    }

    /// As [`Self::load`], of a file that was published in parts.
    pub(super) fn load_parts(paths: &ModelPaths, parts: &[ModelFile]) -> Result<Self, ModelError> {
        let Some(&file) = parts.first() else {
            return Err(ModelError::Unusable {
                path: paths.folder().to_owned(),
                what: "it has no parts".into(),
            });
        };
        let mut bytes = Vec::new();
        for &part in parts {
            bytes.extend(paths.read(part)?);
        }
        let model = Model::load(bytes).map_err(|e| unusable(paths, file, e))?;
        Ok(Self { model, file, paths: paths.clone() })
    }

    /// As [`Self::load`], a network that was written for one length of its input and is to take others.
    pub(super) fn load_for_any_length(
        paths: &ModelPaths,
        file: ModelFile,
    ) -> Result<Self, ModelError> {
        let bytes = without_shapes(&paths.read(file)?)
            .ok_or_else(|| unusable(paths, file, "it is not in ONNX's format"))?;
        let mut options = ModelOptions::with_all_ops();
        // It would conclude from the weights what was taken out.
        options.shape_inference(ShapeInferenceMode::Off);
        let model = options.load(bytes).map_err(|e| unusable(paths, file, e))?;
        Ok(Self { model, file, paths: paths.clone() })
    }

    /// Returns the input or output of this name.
    pub(super) fn node(&self, name: &str) -> Result<NodeId, ModelError> {
        self.model.node_id(name).map_err(|e| self.unusable(format!("{name}: {e}")))
    }

    /// Returns all outputs, in the network's order.
    pub(super) fn outputs(&self) -> &[NodeId] {
        self.model.output_ids()
    }

    /// Returns the names of all inputs, in the network's order.
    pub(super) fn input_names(&self) -> impl Iterator<Item = String> {
        self.model.input_ids().iter().map(|id| name_of(&self.model, *id))
    }

    /// Computes `outputs` on one thread.
    pub(super) fn run(
        &self,
        inputs: Vec<(NodeId, ValueOrView<'_>)>,
        outputs: &[NodeId],
    ) -> Result<Vec<Value>, RunError> {
        let options = RunOptions::default().with_thread_pool(Some(POOL.with(Arc::clone)));
        self.model.run(inputs, outputs, Some(options))
    }

    /// Says that the file is not what this engine expects.
    pub(super) fn unusable(&self, what: impl ToString) -> ModelError {
        unusable(&self.paths, self.file, what)
    }
}

/// Says that a file is not what an engine expects.
pub(super) fn unusable(paths: &ModelPaths, file: ModelFile, what: impl ToString) -> ModelError {
    ModelError::Unusable { path: paths.path(file), what: what.to_string() }
}

fn name_of(model: &Model, id: NodeId) -> String {
    model.node_info(id).and_then(|node| node.name().map(str::to_owned)).unwrap_or_default()
}
