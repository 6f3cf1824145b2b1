# The whole workflow at a glance: cohorts -> studies -> tables and figures -> one report.
# Apart from it: fresh draws of the synthetic cohorts -> bias, coverage and power of each method.
from snakemake.utils import min_version

min_version("9.14")


include: "workflow/rules/places.smk"


RUN_CONFIG = own_or_project("config/config.yaml")


configfile: RUN_CONFIG


include: "workflow/rules/common.smk"
include: "workflow/rules/cohorts.smk"
include: "workflow/rules/studies.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/recovery.smk"
include: "workflow/rules/report.smk"


report: "workflow/report/workflow.rst"


onstart:
    take_lock()
    forget_exits(placed(LOGS))
    tell_start()


onsuccess:
    tell_end()


onerror:
    print(at_failure(seconds_run(), placed(LOGS)))
    sys.exit(exit_code_of(placed(LOGS)))


rule all:
    default_target: True
    input:
        PAGE,
        PAGES,
        BRIEFS,
        TABLES,


rule recovery:
    input:
        RECOVERY_TABLES.values(),
