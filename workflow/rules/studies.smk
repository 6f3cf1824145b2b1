# Estimates: one job a cohort for all the studies its config asks for; replicates in as many jobs as one likes.


# Pieces in which the replicates of each cohort and scenario are run. On many cores or nodes: --set-scatter replicates=20.
scattergather:
    replicates=1,


rule studies:
    input:
        lambda w: cohort_files(w.cohort),
    output:
        **{name: f"results/estimates/{{cohort}}/{name}_curves.parquet" for name in CURVES},
        estimates="results/estimates/{cohort}/estimates.parquet",
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
        library=code_of("studies.py"),
    script:
        "../scripts/studies.py"


# Started first where it can be: these are the longest jobs of the default run.
rule replicates:
    input:
        lambda w: cohort_files(w.cohort),
    output:
        "results/estimates/{cohort}/replicates/{scenario}_{scatteritem}.parquet",
    log:
        "results/logs/replicates/{cohort}_{scenario}_{scatteritem}.log",
    benchmark:
        "results/benchmarks/replicates/{cohort}_{scenario}_{scatteritem}.tsv"
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
        replicates=piece_of_replicates,
        library=code_of("replicates.py"),
    script:
        "../scripts/replicates.py"
