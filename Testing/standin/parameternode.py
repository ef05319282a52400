"""``slicer.parameterNodeWrapper``: typed fields kept in an MRML node and bound to widgets.

Stored as in Slicer: a field is a parameter of the vtkMRMLScriptedModuleNode (text), a node field is
a node reference, an enum is its name. Lists and dicts are JSON here; Slicer spreads them over
several parameters. Parameter packs are not covered.
"""

from __future__ import annotations

import enum
import json
import pathlib
import types
import typing
from collections.abc import Callable
from typing import Any

import slicer

from .annotations import (
    Choice,
    Decimals,
    Default,
    Maximum,
    Minimum,
    SingleStep,
    Validator,
    WithinRange,
)
from .connectors import connector_for
from .observing import Weakly

PROPERTY = "SlicerParameterName"


class Parameter:
    """One field: its type, default, validators, and how it stands in the node."""

    def __init__(self, name: str, hint: Any, given: Any) -> None:
        self.basename = name
        self.unalteredType = hint
        annotated = typing.get_origin(hint) is typing.Annotated
        self.annotations = typing.get_args(hint)[1:] if annotated else ()
        self.kind = plain_type(hint)
        self.validators = [a for a in self.annotations if isinstance(a, Validator)]
        defaults = [a.value for a in self.annotations if isinstance(a, Default)]
        if given is not _NONE:
            self.default = Default(given)
        elif defaults:
            self.default = Default(defaults[0])
        else:
            self.default = Default(_default_of(self))

    @property
    def is_node(self) -> bool:
        """Tell whether the field is a node of the scene."""
        return isinstance(self.kind, type) and issubclass(self.kind, slicer.vtkMRMLNode)

    def is_in(self, node: Any) -> bool:
        """Tell whether the node has a value."""
        if self.is_node:
            return node.GetNodeReferenceID(self.basename) is not None
        return node.HasParameter(self.basename)

    def write(self, node: Any, value: Any) -> None:
        """Write a value.

        Raises
        ------
        ValueError, TypeError
            When the value is not of the type or not allowed.
        """
        for validator in self.validators:
            validator.validate(value)
        if self.is_node:
            if value is not None and not isinstance(value, self.kind):
                raise TypeError(f"{self.basename} takes a {self.kind.__name__}")
            node.SetNodeReferenceID(self.basename, value.GetID() if value is not None else None)
        else:
            node.SetParameter(self.basename, _to_text(self.kind, value, self.basename))

    def read(self, node: Any) -> Any:
        """Read the value; the default is written when there is none."""
        if self.is_node:
            return node.GetNodeReference(self.basename)
        if not self.is_in(node):
            self.write(node, self.default.value)
        return _from_text(self.kind, node.GetParameter(self.basename))


_NONE = object()


def plain_type(hint: Any) -> Any:
    """Strip Annotated and Optional from a type hint."""
    if typing.get_origin(hint) is typing.Annotated:
        hint = typing.get_args(hint)[0]
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        kinds = [a for a in typing.get_args(hint) if a is not type(None)]
        if len(kinds) == 1:
            return kinds[0]
    return hint


def _default_of(parameter: Parameter) -> Any:
    choices = [v for v in parameter.validators if isinstance(v, Choice)]
    ranges = [v for v in parameter.validators if isinstance(v, (WithinRange, Minimum))]
    if choices:
        return next(iter(choices[0].choices))
    if ranges:
        return parameter.kind(ranges[0].minimum)
    if parameter.is_node:
        return None
    if isinstance(parameter.kind, type) and issubclass(parameter.kind, enum.Enum):
        return next(iter(parameter.kind))
    return (typing.get_origin(parameter.kind) or parameter.kind)()


def _to_text(kind: Any, value: Any, name: str) -> str:
    base = typing.get_origin(kind) or kind
    if base in (list, dict, tuple):
        return json.dumps(value)
    if isinstance(base, type) and issubclass(base, enum.Enum):
        return str(base(value).name)
    if isinstance(base, type) and issubclass(base, pathlib.PurePath):
        return str(base(value))
    if base is float and isinstance(value, int):
        value = float(value)
    if base not in (str, int, float, bool):
        raise TypeError(f"the stand-in knows no serializer for {name}: {kind}")
    if not isinstance(value, base):
        raise TypeError(f"{name} takes {base.__name__}, not {type(value).__name__}")
    return str(value)


def _from_text(kind: Any, text: str) -> Any:
    base = typing.get_origin(kind) or kind
    if base in (list, dict, tuple):
        return base(json.loads(text))
    if isinstance(base, type) and issubclass(base, enum.Enum):
        return base[text]
    return text == "True" if base is bool else base(text)


class _WrapperMethods:
    """What Slicer adds to a wrapped class."""

    allParameters: dict[str, Parameter]
    parameterNode: Any

    def __init__(self, parameterNode: Any, prefix: str | None = None) -> None:
        self.parameterNode = parameterNode
        self._guis: dict[int, tuple[dict[str, Any], int]] = {}
        self._tag = 0
        self._writing_gui = False
        for parameter in self.allParameters.values():
            if not parameter.is_in(parameterNode):
                parameter.write(parameterNode, parameter.default.value)

    def getValue(self, name: str) -> Any:
        """Read a field by name."""
        return self._parameter(name).read(self.parameterNode)

    def setValue(self, name: str, value: Any) -> None:
        """Write a field by name."""
        self._parameter(name).write(self.parameterNode, value)

    def default(self, name: str) -> Default:
        """Return a field's default."""
        return self._parameter(name).default

    def isCached(self, name: str) -> bool:
        """Tell whether reads are cached: never here."""
        return False

    def _parameter(self, name: str) -> Parameter:
        if name not in self.allParameters:
            raise ValueError(f"Cannot find a param with the given name: {name}")
        return self.allParameters[name]

    def connectGui(self, gui: Any) -> int:
        """Bind every widget that carries ``SlicerParameterName``."""
        from PySide6.QtWidgets import QWidget

        is_widget = isinstance(gui, QWidget)
        widgets = gui.findChildren(QWidget) if is_widget else list(vars(gui).values())
        named = {w.property(PROPERTY): w for w in widgets if w.property(PROPERTY)}
        return self.connectParametersToGui(named)

    def connectParametersToGui(self, mapping: dict[str, Any]) -> int:
        """Bind widgets by field name.

        Raises
        ------
        ValueError
            For a field that does not exist.
        RuntimeError
            When a widget cannot show a field's type.
        """
        bound = {n: connector_for(w, self._parameter(n)) for n, w in mapping.items()}
        for name, connector in bound.items():
            connector.write(self.getValue(name))
            connector.listen(self._gui_changed(name, connector))
        observer = self.AddObserver("ModifiedEvent", Weakly(self._update_gui))
        tag = self._tag
        self._tag += 1
        self._guis[tag] = (bound, observer)
        return tag

    def _gui_changed(self, name: str, connector: Any) -> Callable[[], None]:
        def changed() -> None:
            if not self._writing_gui:
                self.setValue(name, connector.read())

        return changed

    def _update_gui(self) -> None:
        if self._writing_gui:
            return
        self._writing_gui = True
        try:
            for bound, _ in list(self._guis.values()):
                for name, connector in bound.items():
                    connector.write(self.getValue(name))
        finally:
            self._writing_gui = False

    def disconnectGui(self, tag: int) -> None:
        """Undo a binding."""
        if tag in self._guis:
            bound, observer = self._guis.pop(tag)
            self.RemoveObserver(observer)
            for connector in bound.values():
                connector.listen(None)

    def StartModify(self) -> int:
        """Hold back events."""
        return int(self.parameterNode.StartModify())

    def EndModify(self, was: int) -> None:
        """Send what was held back."""
        self.parameterNode.EndModify(was)

    def AddObserver(self, event: Any, callback: Any, priority: float = 0.0) -> int:
        """Observe the node."""
        return int(self.parameterNode.AddObserver(event, callback, priority))

    def RemoveObserver(self, tag: int) -> None:
        """Observe no more."""
        self.parameterNode.RemoveObserver(tag)

    def Modified(self) -> None:
        """Say that the node changed."""
        self.parameterNode.Modified()


def parameterNodeWrapper(classtype: type | None = None) -> Any:
    """Make a class with type hints the typed face of a parameter node."""
    if classtype is None:
        return parameterNodeWrapper
    parameters: dict[str, Parameter] = {}
    for name, hint in typing.get_type_hints(classtype, include_extras=True).items():
        parameters[name] = Parameter(name, hint, vars(classtype).get(name, _NONE))
        setattr(classtype, name, _property(name))
    classtype.allParameters = parameters
    classtype._is_parameter_node_wrapper = True
    classtype.dataType = staticmethod(lambda n: parameters[n].unalteredType)
    for name, method in vars(_WrapperMethods).items():
        if callable(method) and (name == "__init__" or not name.startswith("__")):
            if name != "__init__" and name in vars(classtype):
                raise ValueError(f"Cannot use reserved name '{name}' in a parameterNodeWrapper")
            setattr(classtype, name, method)
    return classtype


def _property(name: str) -> property:
    return property(lambda self: self.getValue(name), lambda self, v: self.setValue(name, v))


def isParameterNodeWrapper(thing: Any) -> bool:
    """Tell whether a class or object is a wrapped one."""
    return getattr(thing, "_is_parameter_node_wrapper", False)


EXPORTS = (
    parameterNodeWrapper, isParameterNodeWrapper, Default, Validator, Choice, WithinRange,
    Minimum, Maximum, Decimals, SingleStep,
)  # fmt: skip


def make_module() -> types.ModuleType:
    """Make the module ``slicer.parameterNodeWrapper``."""
    module = types.ModuleType("slicer.parameterNodeWrapper", __doc__)
    for thing in EXPORTS:
        setattr(module, thing.__name__, thing)
    module.SlicerParameterNamePropertyName = PROPERTY
    return module
