# Estimates: a job for each study that takes long, and one for all the others of a cohort.


rule studies:
    input:
        lambda w: cohort_files(w.cohort),
    output:
        **{
            table: f"{PRIVATE}/estimates/{{cohort}}/{{job}}/{table}.parquet"
            for table in ("estimates", "diagnostics", "flow", "curves", "magnitudes")
        },
    log:
        f"{LOGS}/studies/{{cohort}}_{{job}}.log",
    benchmark:
        "results/benchmarks/studies/{cohort}_{job}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory("studies"),
        runtime=minutes("studies"),
    params:
        cohort=lambda w: RUN.cohorts[w.cohort].needed(RUN.cohorts[w.cohort].jobs[w.job]),
        seed=SETTINGS.seed,
        strict=SETTINGS.strict,
        private=private_folder,
        library=lambda w: code_of("studies.py", runs_of(w.cohort, RUN.cohorts[w.cohort].jobs[w.job])),
    script:
        "../scripts/studies.py"
