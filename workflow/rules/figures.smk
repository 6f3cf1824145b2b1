# Figures: SVG files that carry their title and alternative text.


rule forest_figure:
    input:
        lambda w: cohort_files(w.cohort),
        estimates="results/tables/estimates.csv",
    output:
        report("results/figures/{cohort}_forest.svg", caption="../report/forest.rst", category="Figures"),
    log:
        "results/logs/forest_figure/{cohort}.log",
    benchmark:
        "results/benchmarks/forest_figure/{cohort}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        cohort=cohort_config,
    script:
        "../scripts/forest_figure.py"


rule survival_figure:
    input:
        curves="results/estimates/{cohort}/survival_curves.parquet",
    output:
        report("results/figures/{cohort}_survival.svg", caption="../report/survival.rst", category="Figures"),
    log:
        "results/logs/survival_figure/{cohort}.log",
    benchmark:
        "results/benchmarks/survival_figure/{cohort}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        cohort=cohort_config,
    script:
        "../scripts/survival_figure.py"


rule lorenz_figure:
    input:
        curves="results/estimates/{cohort}/lorenz_curves.parquet",
        estimates="results/estimates/{cohort}/concentration.parquet",
    output:
        report("results/figures/{cohort}_lorenz.svg", caption="../report/lorenz.rst", category="Figures"),
    log:
        "results/logs/lorenz_figure/{cohort}.log",
    benchmark:
        "results/benchmarks/lorenz_figure/{cohort}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        cohort=cohort_config,
    script:
        "../scripts/lorenz_figure.py"


rule graph_figure:
    output:
        report("results/figures/{cohort}_graph.svg", caption="../report/graph.rst", category="Figures"),
    log:
        "results/logs/graph_figure/{cohort}.log",
    benchmark:
        "results/benchmarks/graph_figure/{cohort}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        cohort=cohort_config,
        library=library_digest(),
    script:
        "../scripts/graph_figure.py"
