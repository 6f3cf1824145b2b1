# The whole workflow at a glance: cohorts -> studies -> tables and figures -> one report.
# Apart from it: fresh draws of the synthetic cohorts -> bias, coverage and power of each method.
# Both Snakefiles include it and ask for its RESULTS: the one of the repository, where a bare `snakemake` finds it, and the
# one of this folder, where catalogues, snakedeploy and modules by a git tag look for it.
from snakemake.utils import min_version

min_version("9.14")


include: "places.smk"


RUN_CONFIG = own_or_project("config/config.yaml")


configfile: RUN_CONFIG


include: "common.smk"
include: "cohorts.smk"
include: "studies.smk"
include: "tables.smk"
include: "figures.smk"
include: "recovery.smk"
include: "report.smk"


report: "../report/workflow.rst"


onstart:
    refuse_a_second_run()
    forget_exits(placed(LOGS))
    sweep(WRITTEN)
    tell_start()


onsuccess:
    sweep(WRITTEN)  # jobs of this run that were killed and done again
    tell_end()


onerror:
    print(at_failure(seconds_run(), placed(LOGS)))
    sys.exit(exit_code_of(placed(LOGS)))


rule recovery:
    input:
        RECOVERY_TABLES.values(),
