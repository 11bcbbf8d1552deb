"""Settings from a YAML file and the environment, refused with their name, line and what is allowed."""

import difflib
import itertools
import os
import types
import typing
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from kit.errors import AhizeError

Model = TypeVar("Model", bound=BaseModel)
Path_ = tuple[str, ...]

NOT_SETTINGS = frozenset({"AHIZE_MASTER_KEY", "AHIZE_CONFIG"})
_SECRET = ("password", "secret", "key", "token", "url")


class SettingsError(AhizeError):
    """The settings cannot be used; correct what is named and start again."""

    code = "settings"


@dataclass(frozen=True, slots=True)
class Problem:
    """One wrong setting: its dotted name, where it stands (file and line, or a variable) and what is allowed."""

    name: str
    place: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.name} ({self.place}): {self.allowed}"


def load(
    model: type[Model],
    path: Path | str | None,
    env_prefix: str = "AHIZE_",
    environ: Mapping[str, str] | None = None,
    also: Collection[str] = NOT_SETTINGS,
) -> Model:
    """The settings of `path` (None: only defaults) with AHIZE_SECTION__NAME of the environment over them.

    `also`: variables with the prefix that are no settings. Raises SettingsError whose text has one line a problem.
    """
    source = _File(Path(path)) if path is not None else _File(None)
    tree = source.tree()
    problems = [*source.problems, *_unknown(model, tree, (), source)]
    variables = {
        name: value
        for name, value in (os.environ if environ is None else environ).items()
        if name.startswith(env_prefix) and name not in also
    }
    overlay = _Overlay(model, env_prefix, variables)
    problems += overlay.apply(tree)
    if problems:
        raise _refusal(problems)
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        raise _refusal([_problem(found, source, overlay) for found in error.errors()]) from None


def _refusal(problems: list[Problem]) -> SettingsError:
    return SettingsError("\n".join(str(problem) for problem in problems))


# ---------------------------------------------------------------- the file


class _File:
    """The YAML file as a tree of plain values, with the line of each setting."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self._lines: dict[Path_, int] = {}

    def tree(self) -> dict[str, Any]:
        if self.path is None:
            return {}
        text = self._text()
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
            tree = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise SettingsError(self._unreadable(error)) from None
        if root is None:
            return {}
        if not isinstance(root, yaml.MappingNode):
            raise SettingsError(f"{self.path}: this is no list of settings; write lines like `name: value`.")
        self._walk(root, ())
        return cast("dict[str, Any]", tree)

    def _text(self) -> str:
        assert self.path is not None
        try:
            return self.path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise SettingsError(f"{self.path} is not UTF-8 text; save it as UTF-8.") from None
        except OSError as error:
            raise SettingsError(
                f"{self.path.absolute()} cannot be read ({error.strerror}); name the right file by --config."
            ) from None

    def _unreadable(self, error: yaml.YAMLError) -> str:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        return f"{self.path}{line}: {getattr(error, 'problem', None) or 'this is no YAML'}; correct this line."

    def _walk(self, node: yaml.Node, at: Path_) -> None:
        self._lines.setdefault(at, node.start_mark.line + 1)
        for name, line, value in _children(node):
            here = (*at, name)
            if isinstance(node, yaml.MappingNode) and here in self._lines:
                self.problems.append(Problem(".".join(here), f"{self.path}, line {line}", "is written twice; keep one"))
            self._lines[here] = line
            self._walk(value, here)

    def place(self, at: Path_) -> str:
        """Where a setting stands, or the nearest thing around it that does."""
        while at and at not in self._lines:
            at = at[:-1]
        line = self._lines.get(at)
        return f"{self.path}, line {line}" if line is not None and at else str(self.path or "no file")


def _children(node: yaml.Node) -> Iterator[tuple[str, int, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        pairs = cast("list[tuple[yaml.ScalarNode, yaml.Node]]", node.value)
        yield from ((str(key.value), key.start_mark.line + 1, value) for key, value in pairs)
    elif isinstance(node, yaml.SequenceNode):
        items = cast("list[yaml.Node]", node.value)
        yield from ((str(n), item.start_mark.line + 1, item) for n, item in enumerate(items))


# ---------------------------------------------------------------- names


def _unknown(model: type[BaseModel], tree: Mapping[Any, Any], at: Path_, source: _File) -> Iterator[Problem]:
    """A problem for every name that the model does not have, at any depth."""
    for key, value in tree.items():
        here = (*at, str(key))
        known = _fields(model).get(str(key))
        if known is None:
            yield Problem(".".join(here), source.place(here), _nearest(str(key), model))
        else:
            for below, part, where in _parts(known.annotation, value, here):
                yield from _unknown(below, part, where, source)


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields by the names that they have in the file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _nearest(name: str, model: type[BaseModel]) -> str:
    close = difflib.get_close_matches(name, _fields(model), n=1, cutoff=0.5)
    if close:
        return f"there is no such setting; did you mean {close[0]}?"
    return "there is no such setting; allowed here are " + ", ".join(sorted(_fields(model)))


def _parts(annotation: Any, value: Any, at: Path_) -> Iterator[tuple[type[BaseModel], Mapping[Any, Any], Path_]]:
    """The models under an annotation (also in lists, tuples and dicts) with the parts of `value` that they describe."""
    below = _model_of(annotation)
    if below is None:
        return
    if isinstance(value, list):
        for n, item in enumerate(cast("list[Any]", value)):
            yield from _parts(below, item, (*at, str(n)))
    elif isinstance(value, Mapping):
        mapping = cast("Mapping[Any, Any]", value)
        if _is_a(annotation, dict, Mapping):
            for key, item in mapping.items():
                yield from _parts(below, item, (*at, str(key)))
        else:
            yield below, mapping, at


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in typing.get_args(annotation) if (found := _model_of(part)) is not None), None)


def _is_a(annotation: Any, *origins: Any) -> bool:
    """Whether an annotation, or a part of a union, is one of these containers."""
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        return any(_is_a(part, *origins) for part in typing.get_args(annotation))
    return origin in origins


# ---------------------------------------------------------------- the environment


class _Overlay:
    """Variables laid over the tree: AHIZE_SIP__PORT is sip.port. `[` and `{` begin a YAML list or mapping."""

    def __init__(self, model: type[BaseModel], prefix: str, variables: Mapping[str, str]) -> None:
        self._model = model
        self._prefix = prefix
        self._variables = variables
        self._places: dict[Path_, str] = {}

    def apply(self, tree: dict[str, Any]) -> list[Problem]:
        problems: list[Problem] = []
        for name, text in sorted(self._variables.items()):
            at = tuple(name.removeprefix(self._prefix).lower().split("__"))
            problem = self._wrong_name(at, name)
            if problem is None:
                _put(tree, at, _value(text))
                self._places[at] = f"environment variable {name}"
            else:
                problems.append(problem)
        return problems

    def _wrong_name(self, at: Path_, variable: str) -> Problem | None:
        annotation: Any = self._model
        key_next = False
        for depth, name in enumerate(at):
            below = _model_of(annotation)
            if below is None:
                return None
            if key_next:
                annotation, key_next = below, False
                continue
            field = _fields(below).get(name)
            if field is None:
                return Problem(".".join(at[: depth + 1]), f"environment variable {variable}", _nearest(name, below))
            annotation, key_next = field.annotation, _is_a(field.annotation, dict, list, tuple, Mapping)
        return None

    def place(self, at: Path_) -> str | None:
        return next((place for path, place in self._places.items() if at[: len(path)] == path), None)


def _value(text: str) -> Any:
    if text[:1] not in ("[", "{"):
        return text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _put(tree: dict[str, Any], at: Path_, value: Any) -> None:
    """Lay `value` over the tree; a number names a place in a list, the one after its end adds to it."""
    for name, after in itertools.pairwise(at):
        below = _get(tree, name)
        if not isinstance(below, dict | list):
            below = cast("dict[str, Any] | list[Any]", [] if after == "0" else {})
            _set(tree, name, below)
        tree = cast("dict[str, Any]", below)
    _set(tree, at[-1], value)


def _get(tree: dict[str, Any] | list[Any], name: str) -> Any:
    if isinstance(tree, dict):
        return tree.get(name)
    return tree[int(name)] if name.isdecimal() and int(name) < len(tree) else None


def _set(tree: dict[str, Any] | list[Any], name: str, value: Any) -> None:
    if isinstance(tree, dict):
        tree[name] = value
    elif name.isdecimal() and int(name) < len(tree):
        tree[int(name)] = value
    else:
        tree.append(value)


# ---------------------------------------------------------------- wrong values


def _problem(found: Mapping[str, Any], source: _File, overlay: _Overlay) -> Problem:
    at = tuple(str(part) for part in found["loc"])
    name = ".".join(at) or "settings"
    allowed = str(found["msg"]).replace("Input should be", "allowed is").replace("Value error, ", "")
    return Problem(name, overlay.place(at) or source.place(at), allowed + _given(name, found))


def _given(name: str, found: Mapping[str, Any]) -> str:
    if found["type"] == "missing" or any(word in name.lower() for word in _SECRET):
        return ""
    value = found.get("input")
    return f"; it is {value!r}" if isinstance(value, str | int | float | bool) else ""
