# Figures: SVG files that carry their title and alternative text. One job draws all of them, since each takes less time
# than its imports.


rule figures:
    input:
        cohorts=[file for name in RUN.cohorts for file in cohort_files(name)],
        tables=[f"results/tables/{name}.csv" for name in ("estimates", "diagnostics", "flow", "attrition")],
        curves=found("curves"),
    output:
        report(directory(FIGURES), patterns=["{name}.svg"], caption="../report/figures.rst", category="Figures"),
    log:
        f"{LOGS}/figures.log",
    benchmark:
        "results/benchmarks/figures.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory("figures"),
        runtime=minutes("figures"),
    params:
        run=RUN.model_dump(mode="json"),
        curves={name: found("curves", [name]) for name in RUN.cohorts},
        page=PAGE,
        library=code_of("figures.py", sections()),
    script:
        "../scripts/figures.py"
