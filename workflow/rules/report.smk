# The report: one page that opens offline.


rule report_page:
    input:
        tables=TABLES,
        figures=[path for name in RUN.cohorts for path in figures_of(name).values()],
        attrition=ATTRITION_FIGURE,
        template=TEMPLATE,
    output:
        report("results/report.html", caption="../report/page.rst", category="Report"),
    log:
        "results/logs/report_page.log",
    benchmark:
        "results/benchmarks/report_page.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        run=RUN.model_dump(mode="json"),
        figures={name: figures_of(name) for name in RUN.cohorts},
        template=file_digest(TEMPLATE),
        recovery={name: own_or_project(path) for name, path in RECOVERY_TABLES.items()},
        recovered={name: file_digest(own_or_project(path)) for name, path in RECOVERY_TABLES.items()},
        settings=RECOVERY_SETTINGS,
        library=code_of("report_page.py"),
    script:
        "../scripts/report_page.py"
