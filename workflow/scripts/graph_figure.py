from evenwicht.config import CohortConfig
from evenwicht.jobs import logged
from evenwicht.report.figures import graph_figure
from evenwicht.worlds import causal_graph

with logged(snakemake.log[0]):
    config = CohortConfig.model_validate(snakemake.params.cohort)
    graph_figure(causal_graph(config), config).save(snakemake.output[0])
