# Does each method find the truth? Fresh draws of every synthetic cohort, as configured and in its scenarios.
# `snakemake recovery` makes these tables. The default run never does: the page shows what the tables that are there say
# about its own settings.


# Pieces in which the replicates of each cohort and scenario are run. On many cores or nodes: --set-scatter replicates=20.
scattergather:
    replicates=2,


rule replicates:
    input:
        truth_of_replicates,
    output:
        f"{PRIVATE}/estimates/{{cohort}}/replicates/{{scenario}}_{{scatteritem}}.parquet",
        f"{PRIVATE}/estimates/{{cohort}}/verdicts/{{scenario}}_{{scatteritem}}.parquet",
    log:
        f"{LOGS}/replicates/{{cohort}}_{{scenario}}_{{scatteritem}}.log",
    benchmark:
        "results/benchmarks/replicates/{cohort}_{scenario}_{scatteritem}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory("replicates"),
        runtime=minutes("replicates"),
    params:
        cohort=replicated,
        seed=SETTINGS.seed,
        truth_draws=SETTINGS.truth_draws,
        replicates=piece_of_replicates,
        private=private_folder,
        library=code_of_replicates,
    script:
        "../scripts/replicates.py"


rule recovery_tables:
    input:
        estimates=[file for name in RECOVERY_SETTINGS for file in replicates_of(name, "replicates")],
        verdicts=[file for name in RECOVERY_SETTINGS for file in replicates_of(name, "verdicts")],
    output:
        **{
            name: report(path, caption=f"../report/{name}.rst", category="Tables")
            for name, path in RECOVERY_TABLES.items()
        },
    log:
        f"{LOGS}/recovery_tables.log",
    benchmark:
        "results/benchmarks/recovery_tables.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory("tables"),
        runtime=minutes("tables"),
    params:
        settings=RECOVERY_SETTINGS,
        drawn=DRAWS,
        pages=REPORT,
        library=code_of("recovery_tables.py"),
    script:
        "../scripts/recovery_tables.py"
