# Everything runs in .venv, made from the pinned versions of constraints.txt.
PYTHON ?= python3.11
BIN := .venv/bin
CORES ?= all
# transformers asks the hub about local folders too; nothing here needs the network.
OFFLINE := HF_HUB_OFFLINE=1 HF_HUB_DISABLE_PROGRESS_BARS=1 TOKENIZERS_PARALLELISM=false

.PHONY: atlas study rate estimate merge simulator export test test-quick test-slurm test-browser lint benchmark faults planted \
	demo-model clean

# Of the configured sweep; or of a real model, all its heads, on a corpus of config.yaml:
# make atlas MODEL=smollm2 (scripts/tools/fetch_model.py lists them)
MODEL :=
CORPUS := python-docs
SWEEP = --configfile data/$(MODEL)/config.yaml --config 'sweep={corpora: [$(CORPUS)]}'
atlas: .venv/installed
	$(if $(MODEL),$(OFFLINE) $(BIN)/python scripts/tools/fetch_model.py $(MODEL))
	$(OFFLINE) $(BIN)/snakemake --profile profiles/local --cores $(CORES) $(if $(MODEL),$(SWEEP))

# Lets people rate the explanations of a finished atlas, in a browser on this machine; HEADS: how many.
ATLAS := results/demo/python-docs/symbolic/atlas/minilm
rate: .venv/installed
	$(BIN)/python scripts/rate.py --atlas "$(ATLAS)" $(if $(HEADS),--heads $(HEADS)) \
		$(if $(PORT),--port $(PORT))

# One study of config.yaml: what other values of a setting are worth, and what they cost.
# The first command draws its heads, on which depends what there is to do.
study: .venv/installed
	$(OFFLINE) $(BIN)/snakemake --profile profiles/local --cores $(CORES) $(if $(MODEL),$(SWEEP)) \
		"results/studies/$(or $(NAME),$(error NAME=study is missing))/heads.csv"
	$(OFFLINE) $(BIN)/snakemake --profile profiles/local --cores $(CORES) $(if $(MODEL),$(SWEEP)) \
		"results/studies/$(NAME)/index.html"
	@echo "The study is in $(CURDIR)/results/studies/$(NAME)/index.html"

# Calls, tokens and dollars of what the sweep will ask of language models; nothing is asked.
estimate: .venv/installed
	$(OFFLINE) $(BIN)/snakemake --profile profiles/local --cores $(CORES) estimate
	@cat results/*/*/*/estimate.csv 2> /dev/null || \
		echo "No explainer of the sweep asks a language model: nothing will be asked."

# Adds the results of another folder where the workflow has run: make merge FROM=path
merge: .venv/installed
	$(BIN)/python scripts/tools/merge_results.py "$(or $(FROM),$(error FROM=path is missing))" .

# Trains a network on the explanations of results/, and says what it is worth: results/simulator/.
simulator: .venv/installed
	$(OFFLINE) $(BIN)/python scripts/tools/train_simulator.py $(if $(RUN),--run "$(RUN)")

# Writes the finished atlases of results/ to export/: as a data set, for HeadVis, as a web site, and
# as chats to fine-tune language models on.
# make export LICENCE=cc-by-4.0
LICENCE := unknown
export: .venv/installed
	$(BIN)/python scripts/tools/export_atlas.py --licence $(LICENCE)

# A process of pytest for each core; the tests of a file share what they have run. Files are taken
# in order, the long runs of the workflow first, so that no process ends with them alone.
PYTEST := $(OFFLINE) OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist loadfile \
	--no-loadscope-reorder
test: .venv/installed lint
	$(PYTEST)

# What can be told in two minutes: no run of the workflow, no test that takes seconds.
test-quick: .venv/installed lint
	$(PYTEST) -m "not slow" tests/unit

# A real Slurm on this machine, in namespaces of its own; needs root, and installs Debian packages.
SLURM := slurmctld slurmd slurmdbd munge mariadb-server iproute2
test-slurm: .venv/installed
	dpkg --status $(SLURM) > /dev/null 2>&1 || \
		{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes $(SLURM); }
	$(OFFLINE) $(BIN)/python -m pytest tests/slurm

# Atlases and rating in a real browser; installs Debian packages where they are missing, which needs root.
BROWSER := chromium chromium-driver
test-browser: .venv/installed
	dpkg --status $(BROWSER) > /dev/null 2>&1 || \
		{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes $(BROWSER); } || \
		{ echo "A browser is missing: install $(BROWSER), or run this as root on Debian." >&2; exit 1; }
	$(OFFLINE) $(BIN)/python -m pytest tests/browser

lint: .venv/installed
	$(BIN)/ruff check scripts tests benchmarks
	$(BIN)/ruff format --check scripts tests benchmarks
	$(BIN)/mypy scripts benchmarks
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/snakemake --lint

# Grades explanations, write claims and effects on models whose heads are built by hand.
benchmark: .venv/installed
	OMP_NUM_THREADS=1 $(OFFLINE) $(BIN)/python benchmarks/planted.py --work results/planted
	OMP_NUM_THREADS=1 $(OFFLINE) $(BIN)/python benchmarks/planted_writes.py --work results/planted

# Breaks finished runs of a tiny model in many ways; prints what is said and what is left (Linux).
faults: .venv/installed
	PYTHONPATH=tests $(OFFLINE) $(BIN)/python -m faults.table

# As `benchmark`, but from results of the workflow: of one model of each noise, or as planted.yaml says.
# EXPLAINER and GRADER, a language model that grades what is said in words, are of config.yaml.
GRADE := $(BIN)/python benchmarks/planted.py --work results --seeds 1
EXPLAINER ?= symbolic
planted: .venv/installed
	$(OFFLINE) $(GRADE) --only plant
	$(OFFLINE) $(BIN)/snakemake --profile profiles/local --cores $(CORES) --until score_head \
		--configfile benchmarks/planted.yaml --config 'sweep={explainers: [$(EXPLAINER)]}'
	OMP_NUM_THREADS=1 $(OFFLINE) $(GRADE) --only grade --explainer $(EXPLAINER) \
		$(if $(GRADER),--grader $(GRADER))

# Trains the embedded model anew (38 minutes on one core) and measures its heads.
demo-model: .venv/installed
	$(OFFLINE) $(BIN)/python scripts/tools/train_demo_model.py \
		--out workflow/resources/demo-model --work results/demo-model-training
	$(OFFLINE) $(BIN)/python scripts/tools/describe_demo_model.py --folder workflow/resources/demo-model \
		--work results/demo-model-training --templates workflow/resources

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt torch
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[test]"
	touch $@

clean:
	rm -rf results .snakemake .mypy_cache .ruff_cache .pytest_cache .hypothesis
