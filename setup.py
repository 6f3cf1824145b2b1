"""Puts the workflow into the wheel, as data of the library, in the layout of the repository; see base/shipped.py.

All else stands in pyproject.toml. An editable install finds the workflow around the library.
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

WORKFLOW = [
    "Snakefile",
    "config/**/*",
    "data/published.csv",
    "profiles/**/*",
    "workflow/Snakefile",
    "workflow/envs/*",
    "workflow/report/**/*",
    "workflow/rules/*.smk",
    "workflow/scripts/*.py",
]


def files_of_the_workflow() -> list[str]:
    return sorted(str(file) for pattern in WORKFLOW for file in Path().glob(pattern) if file.is_file())


class WithTheWorkflow(build_py):
    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for file in files_of_the_workflow():
                target = Path(self.build_lib, "evenwicht/project", file)
                target.parent.mkdir(parents=True, exist_ok=True)
                self.copy_file(file, str(target))

    def get_source_files(self) -> list[str]:
        """What a source distribution holds."""
        return [*super().get_source_files(), *files_of_the_workflow()]


setup(cmdclass={"build_py": WithTheWorkflow})
