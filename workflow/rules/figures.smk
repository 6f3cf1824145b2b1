# Figures: SVG files that carry their title and alternative text. One job draws all of them, by several processes, since
# each takes less time than its imports.


rule figures:
    input:
        cohorts=[file for name in RUN.cohorts for file in cohort_files(name)],
        tables=[
            f"results/tables/{name}.csv"
            for name in ("estimates", "diagnostics", "flow", "states", "attrition", "conclusions")
        ],
        curves=found("curves"),
    output:
        report(directory(FIGURES), patterns=["{name}.svg"], caption="../report/figures.rst", category="Figures"),
    log:
        f"{LOGS}/figures.log",
    benchmark:
        "results/benchmarks/figures.tsv"
    conda:
        ENVIRONMENT
    threads: 4
    resources:
        mem_mb=memory("figures"),
        runtime=minutes("figures"),
    params:
        run=RUN.model_dump(mode="json"),
        curves={name: [placed(file) for file in found("curves", [name])] for name in RUN.cohorts},
        pages=REPORT,
        recovery=RECOVERED,
        recovered={name: file_digest(path) for name, path in RECOVERED.items()},
        settings=RECOVERY_SETTINGS,
        words=file_digest(catalogue_file(RUN.settings.language)),
        library=code_of("figures.py", of_kinds("section", "figures", "claims")),
    script:
        "../scripts/figures.py"
