# From a source or a world to a Cohort folder.


rule ingest:
    input:
        source_file,
    output:
        expand("results/cohorts/{{cohort}}/{file}", file=COHORT_FILES),
    log:
        "results/logs/ingest/{cohort}.log",
    benchmark:
        "results/benchmarks/ingest/{cohort}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        cohort=cohort_config,
        source=source_digest,
        library=code_of("ingest.py"),
    script:
        "../scripts/ingest.py"


rule simulate:
    output:
        expand("data/synthetic/{{cohort}}/{file}", file=COHORT_FILES),
    log:
        "results/logs/simulate/{cohort}.log",
    benchmark:
        "results/benchmarks/simulate/{cohort}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        cohort=cohort_config,
        seed=SETTINGS.seed,
        truth_draws=SETTINGS.truth_draws,
        library=code_of("simulate.py"),
    script:
        "../scripts/simulate.py"
