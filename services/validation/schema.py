"""JSON Schema 2020-12 as problems: every violation at once, in path order, never quoting what the sender wrote."""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from itertools import islice

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from schemas import normalise
from schemas.json import load
from schemas.problems import Problem, problem
from services.validation import moments

VIOLATIONS_MAX = 200  # a list longer than this helps nobody, and a body of 10 MB could break a million rules

_FORMATS = FormatChecker(formats=())
_FORMATS.checks("date")(lambda value: not isinstance(value, str) or moments.day(value) is not None)
_FORMATS.checks("date-time")(lambda value: not isinstance(value, str) or moments.moment(value) is not None)

_GREGORIAN = re.compile(r"(1[89]|2\d)\d\d")
_TYPES = {
    "object": "物件",
    "array": "陣列",
    "string": "文字",
    "integer": "整數",
    "number": "數字",
    "boolean": "布林值",
}

Path = tuple[str | int, ...]
Words = tuple[str, str]  # in Chinese, in English


def _whole(_checker: object, value: object) -> bool:
    """JSON Schema counts 1.0 as an integer; the strict reader gives Decimal for it."""
    if isinstance(value, Decimal):
        return value.is_finite() and value == value.to_integral_value()
    return isinstance(value, int) and not isinstance(value, bool)


def _pattern(_validator: object, pattern: str, value: object, _schema: object) -> Iterator[ValidationError]:
    """As ECMA-262 has it: `$` is the very end, where Python's also stands before a last line feed."""
    if isinstance(value, str) and not _compiled(pattern).search(value):
        yield ValidationError("pattern")


def _unique(_validator: object, unique: bool, value: object, _schema: object) -> Iterator[ValidationError]:
    """Only of texts: all our lists that must be unique hold texts, and comparing anything else costs n squared."""
    if unique and isinstance(value, list):
        texts = [item for item in value if isinstance(item, (str, int))]
        if len(texts) == len(value) and len(set(texts)) < len(texts):
            yield ValidationError("uniqueItems")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\$$", r"\\Z", pattern))


_Validator = extend(
    Draft202012Validator,
    validators={"pattern": _pattern, "uniqueItems": _unique},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _whole),
)


@cache
def _validator(name: str) -> Draft202012Validator:
    return _Validator(load(name), format_checker=_FORMATS)


def structure(name: str, value: object) -> tuple[dict | None, list[Problem]]:
    """The object when its structure can be relied on, and everything in which the value breaks the schema `name`, at most
    VIOLATIONS_MAX, in path order.

    With nothing but unknown properties wrong it comes without them, so that what else is wrong can be told in the same
    answer: a misspelt property hides nothing.
    """
    errors = list(islice(_validator(name).iter_errors(value), VIOLATIONS_MAX))
    problems = _problems(name, errors)
    if not isinstance(value, dict) or any(error.validator != "additionalProperties" for error in errors):
        return None, problems
    for error in errors:
        for unknown in error.instance.keys() - error.schema["properties"].keys():
            del error.instance[unknown]
    return value, problems


def _problems(name: str, errors: list[ValidationError]) -> list[Problem]:
    found: dict[tuple[Path, Words], Problem] = {}
    for error in errors:
        for path, at, words in _explain(error, ()):
            found.setdefault((path, words), _problem(name, path, at, words))
    return [found[key] for key in sorted(found, key=lambda key: (_order(key[0]), key[1][1]))]


def _order(path: Path) -> list[tuple[int, int, str]]:
    return [(0, step, "") if isinstance(step, int) else (1, 0, step) for step in path]


def _problem(name: str, path: Path, at: Path, words: Words) -> Problem:
    if words is _ROC:
        return problem("filing-roc-date", dotted(path), pointer(at))
    chinese, english = words
    plain = problem("schema", dotted(path), pointer(at), schema=name, what=english)
    return plain.model_copy(update={"text": problem("schema", schema=name, what=chinese).text})


def dotted(path: Path) -> str:
    """parties[1].person.identifier"""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def pointer(path: Path) -> str:
    """RFC 6901: /parties/1/person/identifier"""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def at(code: str, *path: str | int, **names: str | int) -> Problem:
    """A problem at a path of a JSON body."""
    return problem(code, dotted(path), pointer(path), **names)


def in_order(problems: list[Problem]) -> list[Problem]:
    """Problems in path order; array elements by their number, problems of one element by their code."""

    def path(found: Problem) -> Path:
        return tuple(int(step) if step.isdecimal() else step for step in found.pointer.split("/")[1:])

    return sorted(problems, key=lambda found: (_order(path(found)), found.code))


_ROC: Words = ("民國年", "ROC date")


def _explain(error: ValidationError, above: Path) -> Iterator[tuple[Path, Path, Words]]:
    """(path, path of the thing that is there, words) of each fault that an error stands for."""
    here: Path = (*above, *error.relative_path)
    wanted, instance = error.validator_value, error.instance
    match error.validator:
        case "required":
            for missing in wanted:
                if missing not in instance:
                    yield (*here, missing), here, (f"缺少「{missing}」", f"missing '{missing}'")
        case "dependentRequired":
            for given, needed in wanted.items():
                for missing in needed if given in instance else ():
                    if missing not in instance:
                        yield (
                            (*here, missing),
                            here,
                            (f"有「{given}」時須有「{missing}」", f"'{given}' needs '{missing}'"),
                        )
        case "oneOf" | "anyOf":
            yield from _of_branches(error, here)
        case "format" if wanted == "date" and _is_roc(instance):
            yield here, here, _ROC
        case _:
            yield here, here, _words(error)


def _of_branches(error: ValidationError, here: Path) -> Iterator[tuple[Path, Path, Words]]:
    """The faults of the branch that is meant, told by its `const` properties; else what the branches are."""
    branches, instance = error.validator_value, error.instance
    if all(set(branch) == {"required"} for branch in branches):
        choice = [name for branch in branches for name in branch["required"]]
        yield here, here, (f"須有{'或'.join(choice)}", f"needs {' or '.join(choice)}")
        return
    meant = _meant(branches, instance)
    for inner in error.context or ():
        if inner.relative_schema_path[0] == meant:
            yield from _explain(inner, here)
    if meant is None:
        forms = "; ".join(f"{branch.get('title', '')}: {', '.join(branch['required'])}" for branch in branches)
        yield here, here, (f"須為其中一種形式 ({forms})", f"must be one of these forms ({forms})")


def _meant(branches: list[dict], instance: object) -> int | None:
    """The branch whose constants the instance has; else the one that alone knows all of its properties."""
    if not isinstance(instance, dict):
        return None
    for index, branch in enumerate(branches):
        constants = {name: one["const"] for name, one in branch["properties"].items() if "const" in one}
        if constants and all(instance.get(name) == value for name, value in constants.items()):
            return index
    fitting = [
        index
        for index, branch in enumerate(branches)
        if not any("const" in one for one in branch["properties"].values()) and set(instance) & set(branch["required"])
    ]
    return fitting[0] if fitting else None


def _is_roc(value: object) -> bool:
    return isinstance(value, str) and normalise.day(value) is not None and not _GREGORIAN.match(normalise.text(value))


def _words(error: ValidationError) -> Words:
    """A short text from the schema's own values."""
    wanted = error.validator_value
    match error.validator:
        case "type":
            return f"須為{_TYPES.get(wanted, wanted)}", f"must be of type {wanted}"
        case "enum":
            return f"須為其中之一:{'、'.join(wanted)}", f"must be one of {', '.join(wanted)}"
        case "const":
            return f"須為 {wanted}", f"must be {wanted}"
        case "pattern":
            return f"須符合樣式 {wanted}", f"must match the pattern {wanted}"
        case "format" if wanted == "date":
            return "須為日期 YYYY-MM-DD", "must be a date YYYY-MM-DD"
        case "format":
            return "須為 RFC 3339 時間並註明時區", "must be an RFC 3339 time with its zone"
        case "additionalProperties":
            allowed = sorted(error.schema.get("properties", {}))
            return (
                f"有未定義的欄位;可用:{'、'.join(allowed)}",
                f"has an unknown property; known are {', '.join(allowed)}",
            )
        case "minLength" | "maxLength" | "minItems" | "maxItems" | "minimum" | "maximum":
            return _bounds(error.validator, wanted)
        case _:  # uniqueItems, the last of the keywords that our schemas use (a test holds the list)
            return "項目不得重複", "items must be unique"


def _bounds(keyword: str, wanted: object) -> Words:
    chinese = {
        "minLength": "至少 {} 字",
        "maxLength": "至多 {} 字",
        "minItems": "至少 {} 項",
        "maxItems": "至多 {} 項",
        "minimum": "不得小於 {}",
        "maximum": "不得大於 {}",
    }
    english = {
        "minLength": "must have at least {} characters",
        "maxLength": "must have at most {} characters",
        "minItems": "must have at least {} items",
        "maxItems": "must have at most {} items",
        "minimum": "must be at least {}",
        "maximum": "must be at most {}",
    }
    return chinese[keyword].format(wanted), english[keyword].format(wanted)
