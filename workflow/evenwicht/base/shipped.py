"""Where the workflow lies that comes with the library: Snakefile, rules, templates, config files, published figures.

In a clone it stands around the library. A wheel holds it as data, in the same layout: setup.py puts it there.
"""

from pathlib import Path

LIBRARY = Path(__file__).parents[1]
INSTALLED = LIBRARY / "project"
PROJECT = INSTALLED if INSTALLED.is_dir() else LIBRARY.parents[1]
SNAKEFILE = PROJECT / "Snakefile"
