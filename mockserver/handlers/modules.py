"""Imports `handlers.py` and the modules beside it, apart from those of the server and of other contracts."""

from __future__ import annotations

import builtins
import itertools
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

HANDLERS = "handlers.py"
# Modules of these names are never looked for in a contract directory.
RESERVED = sys.stdlib_module_names | {"mockserver"}
SIZE_LIMIT = 4 * 1024 * 1024
_numbers = itertools.count(1)


class ContractModules:
    """The modules of one contract directory: `import pricing` in one of them imports `pricing.py` of the directory.

    The standard library and this package come first, then the directory, then what is installed. The modules are in
    `sys.modules` only while they are executed, under names of their own, since some decorators look there.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: list[Path] = []
        self._prefix = f"mockserver_contract_{next(_numbers)}"
        self._modules: dict[str, ModuleType] = {}
        self._builtins = {**vars(builtins), "__import__": self._import}
        self._lock = threading.RLock()

    def load(self, name: str) -> ModuleType:
        """Import one of the directory's modules, named with dots. Raises what the import of a module may raise."""
        with self._lock:
            module = self._modules.get(name)
            if module is None:
                parent, _, last = name.rpartition(".")
                package = self.load(parent) if parent else None
                module = self._execute(name)
                if package is not None:
                    setattr(package, last, module)
            return module

    def place_of(self, error: BaseException) -> tuple[str, int] | None:
        """The file, relative to the directory, and the line where an error was raised or passed through last."""
        if isinstance(error, SyntaxError) and error.filename is not None and (file := self._own_name(error.filename)):
            return file, error.lineno or 1
        stack, trace = list[tuple[str, int]](), error.__traceback__
        while trace is not None:
            stack.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno))
            trace = trace.tb_next
        return self.place_in(stack)

    def place_in(self, stack: Sequence[tuple[str, int]]) -> tuple[str, int] | None:
        """The innermost place of a stack, outermost first, that is in one of the files."""
        places = ((self._own_name(filename), line) for filename, line in reversed(stack))
        return next(((file, line) for file, line in places if file is not None), None)

    def place_of_function(self, function: Any) -> tuple[str, int]:
        """The file and the line where a function is defined, its decorators included."""
        code = getattr(function, "__code__", None) or getattr(getattr(function, "__wrapped__", None), "__code__", None)
        if not isinstance(code, CodeType):
            return HANDLERS, 1
        return self._own_name(code.co_filename) or HANDLERS, code.co_firstlineno

    def _own_name(self, filename: str) -> str | None:
        path = Path(filename)
        return path.relative_to(self.root).as_posix() if path in self.files else None

    def _execute(self, name: str) -> ModuleType:
        path = self._path(name)
        if path is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if path not in self.files:
            self.files.append(path)
        with path.open("rb") as file:
            source = file.read(SIZE_LIMIT + 1)
        if len(source) > SIZE_LIMIT:
            raise ImportError(f"{path.name} is larger than {SIZE_LIMIT >> 20} MiB")
        module = ModuleType(f"{self._prefix}.{name}")
        module.__dict__["__builtins__"] = self._builtins
        module.__file__ = str(path)
        if path.name == "__init__.py":
            module.__path__ = [str(path.parent)]
        self._modules[name] = sys.modules[module.__name__] = module
        try:
            exec(compile(source, str(path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - what a user named
        except BaseException:
            del self._modules[name]
            raise
        finally:
            sys.modules.pop(module.__name__, None)
        return module

    def _path(self, name: str) -> Path | None:
        """The file of a module of the directory; None where there is none."""
        base = self.root.joinpath(*name.split("."))
        for path in (base / "__init__.py", base.with_name(base.name + ".py")):
            if path.is_file() and path.resolve().is_relative_to(self.root.resolve()):
                return path
        return None

    def _is_own(self, name: str) -> bool:
        top = name.partition(".")[0]
        return top not in RESERVED and (top in self._modules or self._path(top) is not None)

    def _import(
        self,
        name: str,
        namespace: Mapping[str, Any] | None = None,
        local: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """What the statement `import` calls in these modules (Python's `__import__`)."""
        if level:
            name = self._absolute(name, namespace or {}, level)
        elif not self._is_own(name):
            return builtins.__import__(name, namespace, local, fromlist or (), level)
        if not name:
            # `from . import pricing` beside handlers.py: the directory itself is not a module.
            package = ModuleType(self._prefix)
            for item in fromlist or ():
                setattr(package, item, self.load(item))
            return package
        module = self.load(name)
        if not fromlist:
            return module if level else self.load(name.partition(".")[0])
        for item in fromlist:
            if hasattr(module, "__path__") and not hasattr(module, item) and self._path(f"{name}.{item}") is not None:
                self.load(f"{name}.{item}")
        return module

    def _absolute(self, name: str, namespace: Mapping[str, Any], level: int) -> str:
        package = str(namespace.get("__name__", "")).removeprefix(self._prefix + ".").split(".")
        steps = level - 1 if "__path__" in namespace else level
        if steps > len(package):
            raise ImportError("a relative import leads out of the contract directory")
        base = package[: len(package) - steps]
        return ".".join([*base, *([name] if name else [])])
