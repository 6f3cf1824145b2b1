# Figures: SVG files that carry their title and alternative text. One job draws all of them, since each takes less time
# than its imports.


rule figures:
    input:
        persons=[cohort_files(name)[0] for name in RUN.cohorts],
        estimates="results/tables/estimates.csv",
        attrition="results/tables/attrition.csv",
        curves=[file for kind in CURVES for file in curves(kind)],
    output:
        forest=report(figures("forest"), caption="../report/forest.rst", category="Figures"),
        survival=report(figures("survival"), caption="../report/survival.rst", category="Figures"),
        lorenz=report(figures("lorenz"), caption="../report/lorenz.rst", category="Figures"),
        event_study=report(figures("event_study"), caption="../report/event_study.rst", category="Figures"),
        incidence=report(figures("incidence"), caption="../report/incidence.rst", category="Figures"),
        dose=report(figures("dose"), caption="../report/dose.rst", category="Figures"),
        scan=report(figures("scan"), caption="../report/scan.rst", category="Figures"),
        graph=report(figures("graph"), caption="../report/graph.rst", category="Figures"),
        attrition=report(ATTRITION_FIGURE, caption="../report/attrition_figure.rst", category="Figures"),
    log:
        "results/logs/figures.log",
    benchmark:
        "results/benchmarks/figures.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        run=RUN.model_dump(mode="json"),
        figures={name: figures_of(name) for name in RUN.cohorts},
        folders={name: str(Path(cohort_files(name)[0]).parent) for name in RUN.cohorts},
        library=code_of("figures.py"),
    script:
        "../scripts/figures.py"
