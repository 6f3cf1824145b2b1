# Estimates: one job a cohort and study, each writing estimate rows.


rule individual:
    input:
        lambda w: cohort_files(w.cohort),
    output:
        estimates="results/estimates/{cohort}/individual.parquet",
        curves="results/estimates/{cohort}/survival_curves.parquet",
    params:
        cohort=cohort_config,
        seed=SETTINGS.seed,
        bootstrap=SETTINGS.bootstrap,
    log:
        "results/logs/individual/{cohort}.log",
    benchmark:
        "results/benchmarks/individual/{cohort}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    conda:
        ENVIRONMENT
    script:
        "../scripts/individual.py"


rule policy:
    input:
        lambda w: cohort_files(w.cohort),
    output:
        estimates="results/estimates/{cohort}/policy.parquet",
    params:
        cohort=cohort_config,
    log:
        "results/logs/policy/{cohort}.log",
    benchmark:
        "results/benchmarks/policy/{cohort}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    conda:
        ENVIRONMENT
    script:
        "../scripts/policy.py"


rule concentration:
    input:
        lambda w: cohort_files(w.cohort),
    output:
        estimates="results/estimates/{cohort}/concentration.parquet",
        curves="results/estimates/{cohort}/lorenz_curves.parquet",
    params:
        cohort=cohort_config,
        seed=SETTINGS.seed,
        bootstrap=SETTINGS.bootstrap,
        permutations=SETTINGS.permutations,
    log:
        "results/logs/concentration/{cohort}.log",
    benchmark:
        "results/benchmarks/concentration/{cohort}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    conda:
        ENVIRONMENT
    script:
        "../scripts/concentration.py"


# Started first where it can be: it is the longest job of the default run.
rule replicates:
    input:
        lambda w: cohort_files(w.cohort),
    output:
        summary="results/estimates/{cohort}/replicates.parquet",
    params:
        cohort=cohort_config,
        seed=SETTINGS.seed,
        replicates=SETTINGS.replicates,
    log:
        "results/logs/replicates/{cohort}.log",
    benchmark:
        "results/benchmarks/replicates/{cohort}.tsv"
    priority: 10
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    conda:
        ENVIRONMENT
    script:
        "../scripts/replicates.py"
