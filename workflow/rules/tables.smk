# The committed report tables. Before any of them is written the page of an earlier run is withdrawn, so that it never
# stands beside tables that it does not show.


rule estimates_table:
    input:
        **{table: found(table) for table in ("estimates", "diagnostics", "flow")},
        truth=truth_files(RUN.cohorts),
    output:
        estimates=report("results/tables/estimates.csv", caption="../report/estimates.rst", category="Tables"),
        diagnostics=report("results/tables/diagnostics.csv", caption="../report/diagnostics.rst", category="Tables"),
        flow=report("results/tables/flow.csv", caption="../report/flow.rst", category="Tables"),
    log:
        f"{LOGS}/estimates_table.log",
    benchmark:
        "results/benchmarks/estimates_table.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory("tables"),
        runtime=minutes("tables"),
    params:
        cohorts=list(RUN.cohorts),
        pages=REPORT,
        library=code_of("estimates_table.py"),
    script:
        "../scripts/estimates_table.py"


rule description_tables:
    input:
        cohorts=[file for name in RUN.cohorts for file in cohort_files(name)],
        published=PUBLISHED,
    output:
        table1=report("results/tables/table1.csv", caption="../report/table1.rst", category="Tables"),
        attrition=report("results/tables/attrition.csv", caption="../report/attrition.rst", category="Tables"),
        states=report("results/tables/states.csv", caption="../report/states.rst", category="Tables"),
    log:
        f"{LOGS}/description_tables.log",
    benchmark:
        "results/benchmarks/description_tables.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory("tables"),
        runtime=minutes("tables"),
    params:
        people=[cohort.needed() for cohort in RUN.cohorts.values()],
        table1=[cohort.table1 for cohort in RUN.cohorts.values()],
        described_by=[cohort.described_by for cohort in RUN.cohorts.values()],
        folders=cohort_folders(),
        published=file_digest(PUBLISHED),
        pages=REPORT,
        library=code_of("description_tables.py"),
    script:
        "../scripts/description_tables.py"


rule truth_tables:
    input:
        estimates="results/tables/estimates.csv",
        diagnostics="results/tables/diagnostics.csv",
        truth=truth_files(RUN.synthetic),
        published=PUBLISHED,
    output:
        truth=report("results/tables/truth.csv", caption="../report/truth.rst", category="Tables"),
        bias=report("results/tables/bias.csv", caption="../report/bias.rst", category="Tables"),
        survives=report("results/tables/survives.csv", caption="../report/survives.rst", category="Tables"),
        replication=report("results/tables/replication.csv", caption="../report/replication.rst", category="Tables"),
        calibration=report("results/tables/calibration.csv", caption="../report/calibration.rst", category="Tables"),
        fit=report("results/tables/calibration_fit.csv", caption="../report/calibration_fit.rst", category="Tables"),
    log:
        f"{LOGS}/truth_tables.log",
    benchmark:
        "results/benchmarks/truth_tables.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory("tables"),
        runtime=minutes("tables"),
    params:
        cohorts=[RUN.cohorts[name].needed() for name in RUN.synthetic],
        questions=[RUN.cohorts[name].questions for name in RUN.synthetic],
        seed=SETTINGS.seed,
        published=file_digest(PUBLISHED),
        pages=REPORT,
        library=code_of("truth_tables.py", [*world_of(*RUN.synthetic), *world_of(*RUN.synthetic, part="fit")]),
    script:
        "../scripts/truth_tables.py"


rule conclusions:
    input:
        tables=[f"results/tables/{name}.csv" for name in ("estimates", "diagnostics", "flow")],
    output:
        report("results/tables/conclusions.csv", caption="../report/conclusions.rst", category="Tables"),
    log:
        f"{LOGS}/conclusions.log",
    benchmark:
        "results/benchmarks/conclusions.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory("tables"),
        runtime=minutes("tables"),
    params:
        cohorts=[cohort.needed(cohort.studies) for cohort in RUN.cohorts.values()],
        recovery=RECOVERED["recovery"],
        recovered=file_digest(RECOVERED["recovery"]),
        settings=RECOVERY_SETTINGS,
        pages=REPORT,
        library=code_of("conclusions.py", of_kinds("claims")),
    script:
        "../scripts/conclusions.py"
