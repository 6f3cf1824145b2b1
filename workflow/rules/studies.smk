# Estimates: one job a cohort for all the studies its config asks for, and one for its replicates.


rule studies:
    input:
        lambda w: cohort_files(w.cohort),
    output:
        estimates="results/estimates/{cohort}/estimates.parquet",
        survival="results/estimates/{cohort}/survival_curves.parquet",
        lorenz="results/estimates/{cohort}/lorenz_curves.parquet",
    log:
        "results/logs/studies/{cohort}.log",
    benchmark:
        "results/benchmarks/studies/{cohort}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        cohort=cohort_config,
        seed=SETTINGS.seed,
        bootstrap=SETTINGS.bootstrap,
        permutations=SETTINGS.permutations,
    script:
        "../scripts/studies.py"


# Started first where it can be: these are the longest jobs of the default run.
rule replicates:
    input:
        lambda w: cohort_files(w.cohort),
    output:
        summary="results/estimates/{cohort}/replicates.parquet",
    log:
        "results/logs/replicates/{cohort}.log",
    benchmark:
        "results/benchmarks/replicates/{cohort}.tsv"
    priority: 10
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        cohort=cohort_config,
        seed=SETTINGS.seed,
        replicates=SETTINGS.replicates,
    script:
        "../scripts/replicates.py"
