# make demo             a call to yourself, then a number to dial; make demo ARGS="--once" passes arguments on
# make test             formatting, lints and every test, the ones against real SIP peers included
# make bench            what each stage costs, against its budget
# make gap              how long answers take, by packets alone; make gap ARGS="--calls 1,2,4,8 --turns 200"
# make speech           how well callers are understood, by sentences and facts, beside another engine, in English and
#                       in Spanish; make speech SPOKEN=es-US ARGS="--sentences 5 --facts 2" takes less
# make listen           whether the agent's own voice is understood, by another engine; make listen SPOKEN=en-US
# make judge RUN=DIR    what judges that others wrote say of a run of make gap
# make soak             twenty thousand short calls, and what is left of them
# make flood            ten thousand INVITEs a second from a stranger, while fifty calls talk
# make models           fetches the speech models into ~/.cache/attendant/models, or $ATTENDANT_MODELS
# make setup            installs the Debian packages that are missing; the others call it themselves

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# A recipe is one script.
.ONESHELL:
.PHONY: help demo test bench gap speech speech-en-US speech-es-US listen judge judges analyzer corpus soak flood models setup setup-run setup-bench \
        setup-speech lint

ARGS ?=
CARGO ?= cargo

# command=package: a command that is there already, from wherever, is not installed again.
RUN_NEEDS  := gcc=gcc pkg-config=pkg-config npm=npm pip3=python3-pip flite=flite
TEST_NEEDS := $(RUN_NEEDS) age=age sipp=sip-tester ffmpeg=ffmpeg baresip=baresip sipsak=sipsak svmap=sipvicious \
              espeak-ng=espeak-ng kamailio=kamailio tshark=tshark openssl=openssl sox=sox \
              systemd-analyze=systemd sqlite3=sqlite3
BENCH_NEEDS := $(TEST_NEEDS) rtpengine=rtpengine-daemon stress-ng=stress-ng taskset=util-linux chrt=util-linux

# Debian keeps servers where a user's PATH does not look.
export PATH := $(PATH):/usr/sbin

SPEECH_NEEDS := $(RUN_NEEDS) espeak-ng=espeak-ng text2wave=festival tshark=tshark sox=sox git=git

# Where judges, their weights and recordings of a person are kept: outside this folder, and never part of it.
JUDGES  ?= $(HOME)/.cache/attendant/judges
JUDGE_REPOSITORY ?= https://github.com/openbenchmarks-labs/voice-agent-latency
JUDGE_COMMIT := b1deff8cc15a496ff426497fe704be3a0cc211b2
HEAR    := $(JUDGES)/bin/python benches/judges/hear.py --models $(JUDGES)/models
# What is spoken in `make speech` and `make listen`.
SPOKEN  ?= en-US es-US
KOKORO  := $(JUDGES)/bin/python benches/judges/kokoro.py --models $(JUDGES)/models/kokoro

help:
	@sed -n '/^#/!q;s/^# //p' Makefile

demo: setup-run
	@$(CARGO) build --release --locked
	$(CARGO) run --quiet --release --locked -- demo $(ARGS)

# The models are fetched by the program that the tests were built with: `cargo run` takes other features of the
# dependencies, and would build many of them a second time.
test: setup lint
	$(CARGO) test --locked --no-run
	"$${CARGO_TARGET_DIR:-target}/debug/attendant" models fetch
	$(CARGO) test --locked --no-fail-fast

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings

# The tests look for them where the demonstration does.
models: setup-run
	$(CARGO) run --locked -- models fetch

bench: setup-bench
	$(CARGO) bench --locked --no-fail-fast

gap: setup-speech models
	$(CARGO) run --release --locked -- bench gap $(ARGS)

# As espeak-ng calls the Spanish that is spoken in America.
SPANISH := es-419
speech-en-US := --human $(JUDGES)/human \
    --speaker "kokoro michael=$(KOKORO) --voice am_michael {}" \
    --speaker "kokoro bella=$(KOKORO) --voice af_bella {}" \
    --speaker "kokoro emma=$(KOKORO) --voice bf_emma --language en-gb {}" \
    --speaker "pico=$(JUDGES)/bin/python benches/judges/pico.py {}" \
    --control "$(HEAR) --engine moonshine-tiny -"
speech-es-US := --human $(JUDGES)/human-es \
    --speaker "kokoro alex=$(KOKORO) --voice em_alex --language $(SPANISH) {}" \
    --speaker "kokoro santa=$(KOKORO) --voice em_santa --language $(SPANISH) {}" \
    --speaker "pico=$(JUDGES)/bin/python benches/judges/pico.py --language es-ES {}" \
    --control "$(HEAR) --engine whisper-base --language es -"
speech: $(SPOKEN:%=speech-%)
$(SPOKEN:%=speech-%): speech-%: judges corpus models
	$(CARGO) run --release --locked -- bench speech --language $* --spoken $(JUDGES)/spoken $(speech-$*) $(ARGS)

# Not the weights that hear callers: those of Spanish are Whisper base's, and too small to judge by.
ear-en-US := whisper-base
ear-es-US := whisper-small
listen: judges models
	missed=0
	for one in $(foreach tag,$(SPOKEN),$(tag)=$(ear-$(tag))); do
	    $(CARGO) run --release --locked -- bench listen --language "$${one%%=*}" \
	        --hear "$(HEAR) --engine $${one##*=} --language {language} -" $(ARGS) || missed=1
	done
	exit $$missed

judge: analyzer
	@[ -n "$(RUN)" ] || { echo "Which run? make judge RUN=var/bench/gap-..."; exit 1; }
	$(JUDGES)/bin/python benches/judges/judge.py $(RUN) --analyzer $(JUDGES)/voice-agent-latency

# Python for judges alone: nothing of it runs in the product.
judges: setup-speech models
	@mkdir -p $(JUDGES)/models
	[ -x $(JUDGES)/bin/python ] || python3 -m venv $(JUDGES)
	$(JUDGES)/bin/pip install --quiet --requirement benches/judges/requirements.txt
	benches/judges/fetch.sh $(JUDGES)

# It is in no package registry. JUDGE_REPOSITORY may be a folder, where that site is not reached.
analyzer: judges
	@[ ! -d $(JUDGES)/voice-agent-latency ] || exit 0
	git clone --quiet $(JUDGE_REPOSITORY) $(JUDGES)/voice-agent-latency.part
	git -C $(JUDGES)/voice-agent-latency.part checkout --quiet $(JUDGE_COMMIT)
	mv $(JUDGES)/voice-agent-latency.part $(JUDGES)/voice-agent-latency

corpus: setup-speech
	@benches/judges/fetch.sh $(JUDGES) human

soak:  export SOAK_CALLS = 20000
soak:  which = calls
flood: export FLOOD_SECONDS = 10
flood: which = flood
soak flood: setup
	$(CARGO) test --release --locked --test gateway_load -- $(which)

setup:     needs = $(TEST_NEEDS)
setup-run: needs = $(RUN_NEEDS)
setup-bench: needs = $(BENCH_NEEDS)
setup-speech: needs = $(SPEECH_NEEDS)
setup setup-run setup-bench setup-speech:
	@command -v $(CARGO) >/dev/null || { echo "Rust is missing: see https://rustup.rs"; exit 1; }
	@missing=""
	for pair in $(needs); do
	    command -v "$${pair%%=*}" >/dev/null || missing="$$missing $${pair##*=}"
	done
	[ -e /usr/share/zoneinfo/UTC ] || missing="$$missing tzdata"
	pkg-config --exists opus 2>/dev/null || missing="$$missing libopus-dev"
	case "$@" in setup-speech)
	    python3 -c 'import ensurepip' 2>/dev/null || missing="$$missing python3-venv"
	    [ -e /usr/include/python3*/Python.h ] || missing="$$missing python3-dev"
	    [ -d /usr/share/festival/voices/us/cmu_us_slt_arctic_hts ] || missing="$$missing festvox-us-slt-hts" ;;
	esac
	[ -n "$$missing" ] || exit 0
	command -v apt-get >/dev/null || { echo "Install these, as your system calls them:$$missing"; exit 1; }
	as_root=""
	[ "$$(id -u)" = 0 ] || as_root="sudo"
	echo "Installing Debian packages:$$missing"
	log="$$(mktemp)"
	trap 'rm -f "$$log"' EXIT
	# apt tells its progress on a descriptor of its own; everything else it says is shown if it fails.
	install='apt-get update -qq >"$$0" 2>&1 && \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    -o APT::Status-Fd=3 "$$@" 3>&1 >>"$$0" 2>&1'
	if ! $$as_root sh -c "$$install" "$$log" $$missing |
	    awk -F: '/^(dl|pm)status/ { what = $$1 == "dlstatus" ? "downloading" : $$2; printf "\r  %-24.24s %3d %%", what, $$3; fflush() } END { print "" }'; then
	    cat "$$log"
	    exit 1
	fi
	# Debian starts a server that it installs, here on a port of `make demo`; the tests start their own.
	case "$$missing" in
	*kamailio*|*rtpengine*)
	    for server in kamailio rtpengine-daemon; do
	        [ ! -d /run/systemd/system ] || $$as_root systemctl disable --now "$$server" >/dev/null 2>&1 || true
	    done ;;
	esac
