"""Every setting of a run, as one pydantic tree put together from the registries of sources, worlds and studies.

`RunConfig` is `config/config.yaml`; each cohort it names is one `CohortConfig` file. `loading.load_run` reads and
checks them all before any job starts; `python -m evenwicht.config config` writes the JSON schema that lets editors
complete and check these files, and the key reference.
"""

from evenwicht.config.cohort import AS_CONFIGURED, CohortConfig, without_words
from evenwicht.config.run import Run, RunConfig, json_schema

__all__ = ["AS_CONFIGURED", "CohortConfig", "Run", "RunConfig", "json_schema", "without_words"]
