"""The rules of the house that a machine can hold: who imports whom, how large things are, which names are refused."""

import ast
import subprocess
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("schemas", "adapters", "services")
FORMATS = (
    "adapters.fhir",
    "adapters.police",
    "adapters.claimlink",
    "adapters.forms",
    "adapters.json_text",
    "adapters.identifiers",
)
WIRING = {"app.py", "worker.py", "__main__.py"}
# Modules that wire though their name does not say so; each with its reason.
WIRING_MODULES = {
    "services/embedded.py": "the composition root of the embedded form",
    "services/distributed.py": "the composition root of the distributed form",
    "services/front.py": "what the doors ask of either form",
    "services/due.py": "turns due rows of the store into events",
    "services/previews.py": "runs the maker of previews as processes",
    "services/doors.py": "composes the doors' routes",
    "services/conversion/paper_app.py": "the doors of the renderer",
    "services/delivery/publisher.py": "publishes the feeds: store and brokers",
    "services/validation/lanes.py": "runs validation's worker processes in the embedded form",
    "services/validation/pool.py": "validation's worker processes",
}
WIRING_FOLDERS = {
    "services/commands": "the command line: it starts and calls what it names",
    "services/intake": "the doors: HTTP in, records out; their decisions are named below",
    "services/portal": "reads for people; its decisions are named below",
    "services/sandbox": "plays the outside world, from a seed",
}
# Decisions inside wiring folders; in all other folders of services every module is one unless it is named here.
DECISIONS = {
    "services/intake/attempts.py",
    "services/intake/rate.py",
    "services/intake/signature.py",
    "services/sandbox/truth.py",
    "services/sandbox/check.py",
}
MODULE_LINES = 400
FUNCTION_LINES = 70
BANNED_FILES = {"utils.py", "util.py", "helpers.py", "helper.py", "common.py", "misc.py", "base.py", "manager.py"}
# A decision takes time, chance and the outside as arguments.
IMPURE = {
    "random",
    "os",
    "socket",
    "sqlite3",
    "sqlalchemy",
    "httpx",
    "requests",
    "subprocess",
    "threading",
    "asyncio",
    "time",
    "secrets",
    "uuid",
}
IMPURE_CALLS = {"now", "today", "utcnow", "open", "urandom"}


def modules() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def inside(imported: str, *packages: str) -> bool:
    return any(imported == package or imported.startswith(package + ".") for package in packages)


def wires(path: Path) -> bool:
    where = name(path)
    return (
        path.name in WIRING
        or where in WIRING_MODULES
        or (any(where.startswith(folder + "/") for folder in WIRING_FOLDERS) and where not in DECISIONS)
    )


def decisions() -> list[Path]:
    """Modules of services that are not wiring: those that import neither store nor stream nor web."""
    return [
        path for path in modules() if name(path).startswith("services/") and not wires(path) and name(path) not in HANDS
    ]


# Hands of the wiring: they read or write for a worker or an app, and decide nothing about claims themselves.
HANDS = {
    "services/hub/loading.py": "reads a component from the store for the hub's worker",
    "services/hub/attesting.py": "reads keys and answers that vouch for uploads, for the hub's worker",
    "services/hub/mandates.py": "reads who acts for whom from the store for the hub's worker",
    "services/delivery/judging.py": "reads the state of consents for the sequencer and the feed",
    "services/delivery/feed.py": "hands over what the feed holds",
    "services/portal/reading.py": "reads a case or a record from the store for the portal's app",
    "services/portal/comparing.py": "runs the store's questions and the keys' for a reconciliation",
    "services/portal/watching.py": "looks at the store for the live page, metrics and readiness",
}


def test_schemas_import_nothing_of_ours() -> None:
    for path in modules():
        if name(path).startswith("schemas/"):
            assert not [one for one in imports(path) if inside(one, "adapters", "services")], name(path)


def test_adapters_import_only_schemas_and_adapters() -> None:
    for path in modules():
        if name(path).startswith("adapters/"):
            assert not [one for one in imports(path) if inside(one, "services")], name(path)


def test_formats_are_pure() -> None:
    for path in modules():
        if inside(name(path).removesuffix(".py").replace("/", "."), *FORMATS):
            wrong = [one for one in imports(path) if inside(one, "adapters") and not inside(one, *FORMATS)]
            assert not wrong, f"{name(path)} is a format and imports {wrong}"


def test_decisions_import_no_edges() -> None:
    for path in decisions():
        wrong = [
            one for one in imports(path) if inside(one, "adapters") and one != "adapters" and not inside(one, *FORMATS)
        ]
        assert not wrong, f"{name(path)} decides and imports {wrong}"


def test_decisions_are_pure() -> None:
    for path in decisions():
        wrong = {one for one in imports(path) if inside(one, *IMPURE)}
        assert not wrong, f"{name(path)} decides and imports {wrong}"
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                assert called not in IMPURE_CALLS, f"{name(path)}:{node.lineno} calls {called}"


def test_only_one_module_imports_fhir_resources() -> None:
    importers = [name(path) for path in modules() if any(inside(one, "fhir") for one in imports(path))]
    assert importers == ["adapters/fhir/typed.py"]


@pytest.mark.parametrize("path", modules(), ids=name)
def test_size_and_name(path: Path) -> None:
    assert path.name not in BANNED_FILES
    lines = path.read_text().splitlines()
    assert len(lines) <= MODULE_LINES, f"{len(lines)} lines"
    for node in ast.walk(tree(path)):
        # A migration is a list of statements, generated once and then left as it is.
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and path.parent.name != "versions":
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= FUNCTION_LINES, f"{node.name}: {length} lines"


@pytest.mark.parametrize("path", modules(), ids=name)
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(tree(path)), "a module docstring is missing"


@pytest.mark.parametrize("path", modules(), ids=name)
def test_what_is_read_off_a_module_of_ours_is_there(path: Path) -> None:
    """Two changes that never met may leave a name behind that only a rare branch asks for."""
    ours: dict[str, ModuleType] = {}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and inside(node.module or "", *ROOMS):
            package = import_module(node.module or "")
            for alias in node.names:
                if isinstance(found := getattr(package, alias.name, None), ModuleType):
                    ours[alias.asname or alias.name] = found
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ours:
            assert hasattr(ours[node.value.id], node.attr), f"line {node.lineno}: {ast.unparse(node)}"


def test_no_mocks_and_no_sleeps_in_tests() -> None:
    for path in sorted((ROOT / "tests").rglob("*.py")):
        text = path.read_text()
        if path == Path(__file__):
            continue
        for word in ("unittest" + ".mock", "Magic" + "Mock", "time" + ".sleep", "pytest" + ".skip", "mark" + ".skip"):
            assert word not in text, f"{name(path)}: {word}"


def test_names_are_ours_alone() -> None:
    """Another distribution that ships `schemas` would silently overwrite ours."""
    for room in ROOMS:
        assert set(packages_distributions().get(room, ())) <= {"claims-interchange"}


def test_no_lock_names_a_registry() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "https://" not in lock and "http://" not in lock and "--index-url" not in lock
    assert "--hash=sha256:" in lock


def test_nothing_left_behind() -> None:
    marks = "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X"))
    found = subprocess.run(
        ["git", "grep", "-nE", rf"\b({marks})\b", "--", "*.py", "*.md", "*.js", "*.html"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == ""
