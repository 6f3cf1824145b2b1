# Estimates: one job a cohort and study, each writing estimate rows.


rule individual:
    input:
        lambda w: cohort_files(w.cohort),
    output:
        estimates="results/estimates/{cohort}/individual.parquet",
        curves="results/estimates/{cohort}/survival_curves.parquet",
    log:
        "results/logs/individual/{cohort}.log",
    benchmark:
        "results/benchmarks/individual/{cohort}.tsv"
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
    script:
        "../scripts/individual.py"


rule policy:
    input:
        lambda w: cohort_files(w.cohort),
    output:
        estimates="results/estimates/{cohort}/policy.parquet",
    log:
        "results/logs/policy/{cohort}.log",
    benchmark:
        "results/benchmarks/policy/{cohort}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        cohort=cohort_config,
    script:
        "../scripts/policy.py"


rule concentration:
    input:
        lambda w: cohort_files(w.cohort),
    output:
        estimates="results/estimates/{cohort}/concentration.parquet",
        curves="results/estimates/{cohort}/lorenz_curves.parquet",
    log:
        "results/logs/concentration/{cohort}.log",
    benchmark:
        "results/benchmarks/concentration/{cohort}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        cohort=cohort_config,
        seed=SETTINGS.seed,
        bootstrap=SETTINGS.bootstrap,
        permutations=SETTINGS.permutations,
    script:
        "../scripts/concentration.py"


# Started first where it can be: it is the longest job of the default run.
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
