# Estimates: one job a cohort for all the studies its config asks for.


rule studies:
    input:
        lambda w: cohort_files(w.cohort),
    output:
        **{name: f"results/estimates/{{cohort}}/{name}_curves.parquet" for name in CURVES},
        estimates="results/estimates/{cohort}/estimates.parquet",
        flow="results/estimates/{cohort}/flow.parquet",
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
        permutations=SETTINGS.permutations,
        library=code_of("studies.py"),
    script:
        "../scripts/studies.py"
