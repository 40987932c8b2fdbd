"""Builds the distribution, with the hot modules compiled by mypyc where that works.

It is all or nothing: whatever goes wrong on the way (no compiler, a failing one, no mypyc), every extension is dropped,
the same files are installed as plain Python, and the reason goes into a file that `knockon --version` prints.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from setuptools import Extension, setup
from setuptools.command.build import build
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError, LinkError

HOT_FOLDERS = ("sim", "nodes", "policies")
MIXED_FOLDERS = ("", "functions", "kafka", "mail", "push", "queues", "rules", "streams")
NOTE = "topology/BUILD"
FLAGS = ("-ffp-contract=off", "-fno-semantic-interposition", "-Wno-error")
"""Without contraction no fused multiply-add changes the last bit; without interposition calls can be inlined; and a
warning of some compiler is no reason to stay uncompiled."""
PROBE = "#include <Python.h>\nint main(void) { return PY_MAJOR_VERSION; }\n"
SCRATCH = tempfile.TemporaryDirectory(prefix="knockon-build-", ignore_cleanup_errors=True)
"""Everything is built here, so that nothing compiled, and nothing stale, ever lies in the checkout."""


class Setback(Exception):
    """Compiling is not possible here; the words say why."""


def hot_paths() -> list[str]:
    """The modules to compile: whole folders, and each module of the others that speaks of native types."""
    grouped = [path for folder in HOT_FOLDERS for path in sorted(Path("topology", folder).glob("*.py"))]
    mixed = [path for folder in MIXED_FOLDERS for path in sorted(Path("topology", folder).glob("*.py"))]
    single = [path for path in mixed if "from mypy_extensions" in path.read_text("utf-8")]
    return [str(path) for path in [*single, *grouped] if path.name != "__init__.py"]


def translate() -> list[Extension]:
    """The hot modules as one group of C extensions."""
    if importlib.util.find_spec("mypyc") is None:
        raise Setback("mypyc is not installed")
    from mypyc.build import mypycify

    said = io.StringIO()
    options = ["--config-file=", "--ignore-missing-imports", "--follow-imports=silent"]
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            extensions: list[Extension] = mypycify(
                [*options, *hot_paths()],
                opt_level="2",
                debug_level="0",
                group_name="knockon",
                target_dir=SCRATCH.name,
                multi_file=True,  # one file of a hundred modules takes the compiler five times as long
            )
    except SystemExit as stop:
        words = said.getvalue().strip()
        print(words, file=sys.stderr)
        raise Setback(f"mypyc refused: {words.splitlines()[0] if words else stop.code}") from None
    return extensions


def compile_side_by_side(
    compiler: Any,
    sources: list[str],
    output_dir: str | None = None,
    macros: list[Any] | None = None,
    include_dirs: list[str] | None = None,
    debug: bool = False,
    extra_preargs: list[str] | None = None,
    extra_postargs: list[str] | None = None,
    depends: list[str] | None = None,
) -> list[str]:
    """As a compiler's own `compile`, with as many files at once as there are processors."""
    macros, objects, post, options, made = compiler._setup_compile(
        output_dir, macros, include_dirs, sources, depends, extra_postargs
    )
    arguments = compiler._get_cc_args(options, debug, extra_preargs)

    def compile_one(name: str) -> None:
        source, ending = made[name]
        compiler._compile(name, source, ending, arguments, post, options)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(compile_one, [name for name in objects if name in made]))
    return list(objects)


class Build(build):
    """Builds outside the checkout."""

    def initialize_options(self) -> None:
        """Start from the scratch folder instead of ./build."""
        super().initialize_options()
        self.build_base = SCRATCH.name


class BuildExt(build_ext):
    """Compiles the hot modules, all or none."""

    def run(self) -> None:
        """Compile, or say why not; both leave a complete package behind."""
        try:
            self.compile_all()
            note = f"by mypyc {self.mypyc_version()}"
        except Exception as failure:
            note = str(failure) if isinstance(failure, Setback) else f"{type(failure).__name__}: {failure}"
            print(f"knockon: the hot modules are installed as plain Python: {note}", file=sys.stderr)
            self.drop_all()
        self.leave_note(" ".join(note.split())[:200])

    def compile_all(self) -> None:
        """Translate and compile; raises where anything fails."""
        if os.environ.get("KNOCKON_PURE", "") not in ("", "0"):
            raise Setback("KNOCKON_PURE was set when it was installed")
        if self.inplace or self.editable_mode:
            raise Setback("an editable install is never compiled")
        self.probe()
        extensions: list[Extension] = translate()
        self.distribution.ext_modules = extensions
        self.initialize_options()
        self.finalized = False
        self.ensure_finalized()
        super().run()

    def build_extensions(self) -> None:
        """Add the flags that this compiler understands."""
        if self.compiler.compiler_type == "unix":
            for extension in self.extensions:
                extension.extra_compile_args.extend(FLAGS)
            self.compiler.compile = partial(compile_side_by_side, self.compiler)
        try:
            super().build_extensions()
        except (CompileError, LinkError) as failure:
            print(failure, file=sys.stderr)
            raise Setback("the C compiler failed on the translated modules") from None

    def probe(self) -> None:
        """Compile one line first: it names a missing compiler or header in a second."""
        from setuptools._distutils.ccompiler import new_compiler
        from setuptools._distutils.sysconfig import customize_compiler, get_python_inc

        compiler: Any = new_compiler()
        customize_compiler(compiler)
        flags = list(FLAGS) if compiler.compiler_type == "unix" else []
        for name, text in (("plain", "int main(void) { return 0; }\n"), ("python", PROBE)):
            source = Path(SCRATCH.name, f"{name}.c")
            source.write_text(text, encoding="utf-8")
            try:
                compiler.compile([str(source)], SCRATCH.name, include_dirs=[get_python_inc()], extra_postargs=flags)
            except Exception as failure:
                print(failure, file=sys.stderr)
                tried = Path(getattr(compiler, "compiler_so", ["the system's own"])[0]).name
                missing = "there is no working C compiler" if name == "plain" else "Python.h is missing"
                raise Setback(f"{missing} (tried {tried})") from None

    def drop_all(self) -> None:
        """Forget every extension, and with them the platform in the wheel's name."""
        for left in [*Path(self.build_lib).rglob("*.so"), *Path(self.build_lib).rglob("*.pyd")]:
            left.unlink()
        self.extensions: list[Extension] = []
        self.distribution.ext_modules = []
        if "bdist_wheel" in self.distribution.command_obj:
            self.distribution.get_command_obj("bdist_wheel").root_is_pure = True

    def leave_note(self, words: str) -> None:
        """Write the reason into what will be installed, never into the checkout."""
        if self.inplace or self.editable_mode:
            return
        path = Path(self.build_lib, NOTE)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(words + "\n", encoding="utf-8")

    @staticmethod
    def mypyc_version() -> str:
        """The version of mypy that compiled."""
        from mypy.version import __version__

        return str(__version__)


setup(ext_modules=[Extension("knockon__mypyc", [])], cmdclass={"build": Build, "build_ext": BuildExt})
