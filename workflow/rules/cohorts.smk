# From a source or a world to a Cohort folder. Neither depends on words, nor on how a study estimates; true values
# depend on what the studies ask.


rule ingest:
    input:
        source_files,
    output:
        expand(f"{PRIVATE}/cohorts/{{{{cohort}}}}/{{file}}", file=COHORT_FILES),
    log:
        f"{LOGS}/ingest/{{cohort}}.log",
    benchmark:
        "results/benchmarks/ingest/{cohort}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory("ingest"),
        runtime=minutes("ingest"),
    params:
        cohort=people_of,
        source=source_digests,
        private=private_folder,
        library=code_of("ingest.py"),
    script:
        "../scripts/ingest.py"


rule simulate:
    output:
        expand("data/synthetic/{{cohort}}/{file}", file=COHORT_FILES),
    log:
        f"{LOGS}/simulate/{{cohort}}.log",
    benchmark:
        "results/benchmarks/simulate/{cohort}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory("simulate"),
        runtime=minutes("simulate"),
    params:
        cohort=people_of,
        questions=lambda w: RUN.cohorts[w.cohort].questions,
        seed=SETTINGS.seed,
        truth_draws=SETTINGS.truth_draws,
        library=lambda w: code_of("simulate.py", world_of(w.cohort)),
    script:
        "../scripts/simulate.py"
