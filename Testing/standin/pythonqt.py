"""PythonQt's way of using Qt objects, given to PySide6's classes.

Slicer binds Qt with PythonQt. There a meta-property is a value and not a call (``w.text``), can be
assigned (``w.text = "x"``), ``w.name`` is the object's name, and signals are also connected by
their C++ signature (``w.connect("clicked(bool)", f)``). A getter whose name is not the property's
(``w.isChecked()``) stays a call, as do setters and slots. Setting an attribute that a C++ object
does not have is an error. Here the same is done to ``QObject`` for the whole process.
"""

from __future__ import annotations

import functools
import inspect
import types
from typing import Any

from PySide6 import QtCore, QtGui, QtNetwork, QtUiTools, QtWidgets

_object_get = QtCore.QObject.__getattribute__
_object_set = QtCore.QObject.__base__.__setattr__  # Shiboken's own, beneath all of Qt
#: PySide makes its classes when they are first named.
for _module in (QtCore, QtGui, QtNetwork, QtUiTools, QtWidgets):
    for _name in dir(_module):
        getattr(_module, _name)
_properties: dict[type, frozenset[str]] = {}
#: Functions connected by signature: what PySide was really given, to disconnect it again.
_targets: dict[tuple[int, str, Any], list[Any]] = {}
#: Not empty while a .ui file is loaded.
loading: list[bool] = []


def apply() -> None:
    """Change ``QObject`` once; a second call changes nothing."""
    if QtCore.QObject.__getattribute__ is not _get:
        QtCore.QObject.__getattribute__ = _get
        # Unlike the getter, each of PySide's classes has a setter of its own.
        for cls in (QtCore.QObject, *_descendants(QtCore.QObject)):
            if cls.__module__.startswith("PySide6."):
                cls.__setattr__ = _set


def _descendants(cls: type) -> list[type]:
    found = list(cls.__subclasses__())
    for child in found[:]:
        found += _descendants(child)
    return found


def meta_properties(cls: type) -> frozenset[str]:
    """Return the names of a Qt class's meta-properties, inherited ones included."""
    known = _properties.get(cls)
    if known is None:
        meta = cls.staticMetaObject
        known = frozenset(meta.property(i).name() for i in range(meta.propertyCount()))
        _properties[cls] = known
    return known


def native(cls: type) -> type:
    """Mark a class of the stand-in as one that is C++ in Slicer: no new attributes from outside."""
    cls._is_native = True
    return cls


def _get(self: Any, name: str) -> Any:
    if name in meta_properties(type(self)):
        try:
            found = _object_get(self, name)
        except AttributeError:
            return QtCore.QObject.property(self, name)
        # A getter of the same name is called for its value; what Python code overrode stays.
        return found() if isinstance(found, types.BuiltinMethodType) else found
    if name == "name":
        return _object_get(self, "objectName")()
    if name == "connect":
        return lambda *arguments: _by_signature(self, name, _connect, arguments)
    if name == "disconnect":
        return lambda *arguments: _by_signature(self, name, _disconnect, arguments)
    if name == "className":
        return lambda: type(self).__name__
    return _object_get(self, name)


def _by_signature(self: Any, name: str, ours: Any, arguments: tuple[Any, ...]) -> Any:
    """Leave to PySide what it connects by itself (a timer's single shot does)."""
    if arguments and not isinstance(arguments[0], str):
        return _object_get(self, name)(*arguments)
    return ours(self, *arguments)


def _set(self: Any, name: str, value: Any) -> None:
    if name == "name":
        _object_get(self, "setObjectName")(value)
    elif name in meta_properties(type(self)):
        _set_property(self, name, value)
    elif isinstance(value, QtCore.SignalInstance) or _may_have_attributes(type(self), name):
        # (PySide keeps a signal it has bound as an attribute.)
        _object_set(self, name, value)
    elif loading and isinstance(value, QtCore.QObject):
        # PySide's QUiLoader hangs every child on the top widget; Slicer's does not.
        return
    else:
        raise AttributeError(
            f"'{name}' does not exist on {type(self).__name__}, "
            "and PythonQt creates no new attributes on C++ objects"
        )


def _set_property(self: Any, name: str, value: Any) -> None:
    setter = getattr(type(self), "set" + name[0].upper() + name[1:], None)
    if setter is not None:
        setter(self, value)
    elif not QtCore.QObject.setProperty(self, name, value):
        raise AttributeError(f"the property '{name}' of {type(self).__name__} cannot be set")


def _may_have_attributes(cls: type, name: str) -> bool:
    if hasattr(cls, "_is_native"):
        own = cls.__dict__.get("_is_native", False)
        return not own or name.startswith("_")
    return not cls.__module__.startswith("PySide6.")


def _signal(self: Any, signature: str) -> tuple[Any, int]:
    """Find a signal by its C++ signature, and how many arguments it hands over."""
    name, _, rest = signature.partition("(")
    wanted = [part for part in rest.rstrip(")").split(",") if part.strip()]
    meta = self.metaObject()
    overloads: list[str] = []
    for index in range(meta.methodCount()):
        method = meta.method(index)
        if method.methodType() == QtCore.QMetaMethod.MethodType.Signal:
            text = bytes(method.methodSignature().data()).decode()
            if text.partition("(")[0] == name:
                overloads.append(text)
    plain = ",".join(_bare_type(part) for part in wanted)
    for text in overloads:
        arguments = text.partition("(")[2].rstrip(")")
        if ",".join(_bare_type(a) for a in arguments.split(",") if a) == plain:
            bound = _object_get(self, name)
            try:
                return bound[text], len(wanted)
            except (IndexError, KeyError, TypeError):
                return bound, len(wanted)
    # MRML's signals carry pointers whose spelling Python cannot declare: the number decides.
    for text in overloads:
        arguments = [a for a in text.partition("(")[2].rstrip(")").split(",") if a]
        if len(arguments) == len(wanted) and hasattr(type(self), "_is_native"):
            return _object_get(self, name), len(wanted)
    raise ValueError(
        f"{type(self).__name__} has no signal {signature}; it has {', '.join(overloads) or 'none'}"
    )


def _bare_type(text: str) -> str:
    return text.replace("const ", "").replace("&", "").replace(" ", "").strip()


def _connect(self: Any, signature: str, target: Any, slot: str | None = None) -> bool:
    signal, count = _signal(self, signature)
    function = getattr(target, slot.partition("(")[0]) if slot else target
    takes = min(count, _most_arguments(function))

    def call(*arguments: Any) -> None:
        function(*arguments[:takes])

    signal.connect(call)
    if not any(key[0] == id(self) for key in _targets):
        _object_get(self, "destroyed").connect(functools.partial(_forget, id(self)))
    _targets.setdefault((id(self), signature, target), []).append((signal, call))
    return True


def _forget(identity: int, *_: Any) -> None:
    """Let go of what was connected to an object that is gone."""
    for key in [k for k in _targets if k[0] == identity]:
        del _targets[key]


def _disconnect(
    self: Any, signature: str | None = None, target: Any = None, slot: Any = None
) -> bool:
    done = False
    for key in [k for k in _targets if k[0] == id(self)]:
        if signature in (None, key[1]) and (target is None or key[2] == target):
            for signal, call in _targets.pop(key):
                done = _try_disconnect(signal, call) or done
    return done


def _try_disconnect(signal: Any, call: Any) -> bool:
    try:
        return bool(signal.disconnect(call))
    except (RuntimeError, TypeError):  # an earlier object of the same id is gone
        return False


def _most_arguments(function: Any) -> int:
    """PythonQt hands a function no more arguments than it takes."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 99
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return 99
    return sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
