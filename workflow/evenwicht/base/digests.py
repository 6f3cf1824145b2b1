"""Digests by content, so that a job runs again when what it depends on has changed, and only then.

Time stamps say neither: a file restored by `cp -p`, `rsync -a` or `unzip` is changed and old, one that was checked out
again is unchanged and new.
"""

import ast
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

READ = (".csv", ".yaml")  # kinds of files that a module reads


def file_digest(path: str | Path) -> str:
    """Return the SHA-256 of a file's content, or "" if there is no regular file that can be read.

    The content is read every time, in constant memory and about as fast as the disk allows: no combination of size,
    inode and time stamps is proof that it is unchanged. Why there is nothing to read is for the file's reader to say;
    a pipe or a device is never opened, since that could block.
    """
    try:
        if not Path(path).is_file():
            return ""
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def settings_digest(settings: Mapping[str, Any]) -> str:
    """Return a short digest of settings that are numbers, text, lists and mappings, in any order of keys.

    It begins with a letter, so that nothing that reads it back from a CSV file takes it for a number.
    """
    text = json.dumps(settings, sort_keys=True, ensure_ascii=True)
    return "d" + hashlib.sha256(text.encode()).hexdigest()[:11]


def code_digest(script: Path, library: Path, also: Iterable[Path] = ()) -> str:
    """Return a digest of a script and of every module of a library that it may import, directly or through others.

    What a module reads, a CSV or YAML file beside it of the same name, counts with it. Imports count wherever they
    stand, inside functions too. Importing a module runs the packages above it, so these count as well. A module that
    is imported under a name known only when the program runs would be missed.

    Parameters
    ----------
    script
        A Python file.
    library
        Folder of the package whose modules are followed.
    also
        Modules of the library that the script imports under names known only when it runs.
    """
    found: dict[Path, bytes] = {}
    modules = _modules(library)
    waiting = [script, *also]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found[file] = file.read_bytes()
            package = file.relative_to(library.parent).parts[:-1] if file.is_relative_to(library) else ()
            waiting += [module for name in _imports(found[file], package) for module in modules.get(name, ())]
            beside = [] if file == script else [file.with_suffix(suffix) for suffix in READ]
            found |= {data: data.read_bytes() for data in beside if data.is_file()}
    names = {file: script.name if file == script else file.relative_to(library).as_posix() for file in found}
    listing = sorted(f"{names[file]} {hashlib.sha256(source).hexdigest()}" for file, source in found.items())
    return hashlib.sha256("\n".join(listing).encode()).hexdigest()


def modules_beside(settings: Iterable[object], name: str) -> list[Path]:
    """Return the module of a name in the package of each settings object's class, once, where there is one.

    A kind of world is a package whose modules are found by name when a job runs.
    """
    homes = {Path(str(sys.modules[type(one).__module__].__file__)).parent for one in settings}
    return [module for home in sorted(homes) if (module := home / f"{name}.py").is_file()]


@cache
def _imports(source: bytes, package: tuple[str, ...]) -> frozenset[str]:
    """Dotted names that a module may import, with the packages above them; relative ones start at `package`."""
    names = set()
    for node in _statements(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = [*above, *([node.module] if node.module else [])]
            names |= {".".join([*base, alias.name]) for alias in node.names}
    return frozenset(above for name in names for above in accumulate(name.split("."), "{}.{}".format))


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Every statement below a node. Expressions hold no import, and are most of a program."""
    for block in ("body", "orelse", "finalbody", "handlers", "cases"):
        for inner in getattr(node, block, ()):
            yield inner
            yield from _statements(inner)


def _modules(library: Path) -> dict[str, list[Path]]:
    """Files of a library by the dotted name under which they are imported."""
    found: dict[str, list[Path]] = {}
    for folder, _, names in os.walk(library):
        package = ".".join(Path(folder).relative_to(library.parent).parts)
        for name in names:
            stem, suffix = os.path.splitext(name)
            if suffix == ".py":
                found.setdefault(package if stem == "__init__" else f"{package}.{stem}", []).append(Path(folder, name))
    return found
