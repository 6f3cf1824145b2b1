# The committed report tables.


rule estimates_table:
    input:
        studies=[f"results/estimates/{name}/{study}.parquet" for name in RUN.cohorts for study in studies_of(name)],
        truth=[file for name in RUN.cohorts for file in cohort_files(name) if file.endswith("truth.parquet")],
    output:
        report("results/tables/estimates.csv", caption="../report/estimates.rst", category="Tables"),
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
        names=list(RUN.cohorts),
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
    script:
        "../scripts/description_tables.py"


rule recovery_tables:
    input:
        estimates="results/tables/estimates.csv",
        replicates=[f"results/estimates/{name}/replicates.parquet" for name in RUN.synthetic if has_effects(name)],
        published=PUBLISHED,
    output:
        recovery=report("results/tables/recovery.csv", caption="../report/recovery.rst", category="Tables"),
        replication=report("results/tables/replication.csv", caption="../report/replication.rst", category="Tables"),
    log:
        "results/logs/recovery_tables.log",
    benchmark:
        "results/benchmarks/recovery_tables.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        synthetic=RUN.synthetic,
    script:
        "../scripts/recovery_tables.py"


rule calibration_tables:
    input:
        truth=[file for name in RUN.synthetic for file in cohort_files(name) if file.endswith("truth.parquet")],
        published=PUBLISHED,
    output:
        calibration=report("results/tables/calibration.csv", caption="../report/calibration.rst", category="Tables"),
        fit=report("results/tables/calibration_fit.csv", caption="../report/calibration_fit.rst", category="Tables"),
    log:
        "results/logs/calibration_tables.log",
    benchmark:
        "results/benchmarks/calibration_tables.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        cohorts=[RUN.cohorts[name].model_dump(mode="json") for name in RUN.synthetic],
    script:
        "../scripts/calibration_tables.py"
