# evenwicht: individual exposures and policies in life-course cohorts, weighed in the same units.
include: "workflow/rules/evenwicht.smk"


rule all:
    input:
        RESULTS,
