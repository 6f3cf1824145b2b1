# The report: pages that open offline, a front page and others beside it.


rule report_page:
    input:
        tables=TABLES,
        figures=FIGURES,
        templates=TEMPLATES,
    output:
        report(PAGE, caption="../report/page.rst", category="Report"),
        PAGES,
    log:
        f"{LOGS}/report_page.log",
    benchmark:
        "results/benchmarks/report_page.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory("page"),
        runtime=minutes("page"),
    params:
        run=RUN.model_dump(mode="json"),
        templates=[file_digest(template) for template in TEMPLATES],
        recovery=RECOVERED,
        recovered={name: file_digest(path) for name, path in RECOVERED.items()},
        settings=RECOVERY_SETTINGS,
        rehearsals=REHEARSED,
        rehearsed={name: file_digest(path) for name, path in REHEARSED.items()},
        words=file_digest(catalogue_file(RUN.settings.language)),
        library=code_of("report_page.py", of_kinds("section", "claims")),
    script:
        "../scripts/report_page.py"


rule briefs:
    input:
        tables=TABLES,
        templates=TEMPLATES,
    output:
        BRIEFS,
    log:
        f"{LOGS}/briefs.log",
    benchmark:
        "results/benchmarks/briefs.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory("page"),
        runtime=minutes("page"),
    params:
        run=RUN.model_dump(mode="json"),
        templates=[file_digest(template) for template in TEMPLATES],
        recovery=RECOVERED,
        recovered={name: file_digest(path) for name, path in RECOVERED.items()},
        settings=RECOVERY_SETTINGS,
        words=[file_digest(catalogue_file(language)) for language in LANGUAGES],
        library=code_of("briefs.py", of_kinds("section", "claims", "brief")),
    script:
        "../scripts/briefs.py"


# What the results were made from, once they are all there. The digests of files of people's rows are in it, no name.
rule provenance:
    input:
        results=MADE,
        figures=FIGURES,
    output:
        CRATE,
    log:
        f"{LOGS}/provenance.log",
    benchmark:
        "results/benchmarks/provenance.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory("page"),
        runtime=minutes("page"),
    params:
        inputs=lambda w: inputs_of_the_run(),
        workflow=file_digest(of_project(WORKFLOW)),
        library=code_of("provenance.py"),
    script:
        "../scripts/provenance.py"
