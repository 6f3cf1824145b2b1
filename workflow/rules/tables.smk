# The committed report tables.


rule estimates_table:
    input:
        studies=[f"results/estimates/{name}/estimates.parquet" for name in RUN.cohorts],
        flow=[f"results/estimates/{name}/flow.parquet" for name in RUN.cohorts],
        truth=[file for name in RUN.cohorts for file in cohort_files(name) if file.endswith("truth.parquet")],
    output:
        estimates=report("results/tables/estimates.csv", caption="../report/estimates.rst", category="Tables"),
        flow=report("results/tables/flow.csv", caption="../report/flow.rst", category="Tables"),
    log:
        "results/logs/estimates_table.log",
    benchmark:
        "results/benchmarks/estimates_table.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
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
    log:
        "results/logs/description_tables.log",
    benchmark:
        "results/benchmarks/description_tables.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        cohorts=[RUN.cohorts[name].model_dump(mode="json") for name in RUN.cohorts],
        folders=[str(Path(cohort_files(name)[0]).parent) for name in RUN.cohorts],
        published=file_digest(PUBLISHED),
        library=code_of("description_tables.py"),
    script:
        "../scripts/description_tables.py"


rule truth_tables:
    input:
        estimates="results/tables/estimates.csv",
        truth=[file for name in RUN.synthetic for file in cohort_files(name) if file.endswith("truth.parquet")],
        published=PUBLISHED,
    output:
        truth=report("results/tables/truth.csv", caption="../report/truth.rst", category="Tables"),
        bias=report("results/tables/bias.csv", caption="../report/bias.rst", category="Tables"),
        survives=report("results/tables/survives.csv", caption="../report/survives.rst", category="Tables"),
        replication=report("results/tables/replication.csv", caption="../report/replication.rst", category="Tables"),
        calibration=report("results/tables/calibration.csv", caption="../report/calibration.rst", category="Tables"),
        fit=report("results/tables/calibration_fit.csv", caption="../report/calibration_fit.rst", category="Tables"),
    log:
        "results/logs/truth_tables.log",
    benchmark:
        "results/benchmarks/truth_tables.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        cohorts=[RUN.cohorts[name].model_dump(mode="json") for name in RUN.synthetic],
        seed=SETTINGS.seed,
        published=file_digest(PUBLISHED),
        library=code_of("truth_tables.py"),
    script:
        "../scripts/truth_tables.py"
