"""bioimage.io descriptions (0.4 and 0.5) as plain data: what they declare of a model's axes, and where.

The file is hostile input: nothing but the .onnx file beside it is opened, and no tag of YAML makes an object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from pytest_rf.errors import ConfigError
from pytest_rf.paths import display, lies_in

#: A description of more bytes is none.
MAX_SIZE = 1 << 18

#: Nor does it have more aliases, tensors or axes.
_MANY = 100

_LARGEST = 1 << 40
_SPATIAL = ("space", "time")
_LETTERS = {"b": "batch", "c": "channel", "i": "index", "t": "time", "x": "space", "y": "space", "z": "space"}

Way = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An output's extent: that of an input's axis times ``scale``, and ``offset`` more."""

    tensor: str
    axis: str
    scale: Fraction = Fraction(1)
    offset: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedAxis:
    """What a description says of one axis of a tensor.

    Attributes:
        name: as the description calls it.
        kind: ``batch``, ``channel``, ``index``, ``space`` or ``time``.
        least: the smallest extent, or the only one; None where it is not said.
        step: by how much extents grow; 0 where there is only one.
        reference: of an output, what its extent is made of.
        halo: how many units at either end of it are to be cropped; None where it is not said.
        places: where these stand, by key: line and column.
    """

    name: str
    kind: str
    least: int | None = None
    step: int = 0
    reference: Reference | None = None
    halo: int | None = None
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def is_spatial(self) -> bool:
        """Whether it is one along which tiles can lie."""
        return self.kind in _SPATIAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A bioimage.io description of a model.

    Attributes:
        file: the description as a reader knows it.
        source: the .onnx file that it names.
        version: the format's.
        inputs, outputs: tensor name -> its axes.
    """

    file: str
    source: Path
    version: str
    inputs: Mapping[str, Sequence[DescribedAxis]]
    outputs: Mapping[str, Sequence[DescribedAxis]]

    @property
    def line(self) -> int:
        """The line of the description as a whole."""
        return 1

    @property
    def column(self) -> int:
        """The column in that line."""
        return 1

    @property
    def text(self) -> str:
        """What it asks for, in a line."""
        return f"bioimage.io {self.version}"


def read(path: Path) -> Description:
    """Read a description.

    Raises:
        ConfigError: PyYAML is not there, or the file is no description of an ONNX model beside it.
    """
    return _Reader(path).description()


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path, self.name = path, display(path)
        if not path.is_file():  # opening a named pipe would wait for whoever writes to it
            raise ConfigError(f"{self.name}: not a file; give the path of a bioimageio.yaml")
        try:
            with path.open("rb") as file:
                content = file.read(MAX_SIZE + 1)
        except (OSError, ValueError) as error:
            raise ConfigError(f"{self.name}: cannot be read: {getattr(error, 'strerror', error)}") from None
        if len(content) > MAX_SIZE:
            raise ConfigError(f"{self.name}: larger than {MAX_SIZE} bytes, which no description is")
        self.data, self.node = _parsed(content, self.name)

    def description(self) -> Description:
        version = str(self.get("format_version") or "")
        found = re.match(r"0\.([45])(\.|$)", version)
        if not isinstance(self.data, dict) or found is None or self.get("type", default="model") != "model":
            reason = f"format_version {version[:20]!r}" if version else "no format_version"
            raise self.error(
                ("format_version",), f"{reason}; a bioimage.io description of a model has 0.4 or 0.5"
            )
        tensors = _New(self) if found[1] == "5" else _Old(self)
        return Description(
            file=self.name,
            source=self.source(),
            version=version,
            inputs=tensors.all("inputs"),
            outputs=tensors.all("outputs"),
        )

    def source(self) -> Path:
        """Return the ONNX file that the weights name, which lies in the description's folder."""
        entry = self.get("weights", "onnx")
        source = entry.get("source") if isinstance(entry, dict) else None
        way: Way = ("weights", "onnx", "source")
        if not isinstance(source, str):
            raise self.error(way, "weights have no onnx entry with a source; export the model to ONNX")
        folder = self.path.parent
        if "://" in source or not source.endswith(".onnx"):
            raise self.error(
                way, f'source "{source[:100]}" is not an .onnx file in this folder; fetch it there'
            )
        try:
            inside = lies_in(folder / source, folder)
        except (OSError, ValueError):
            inside = False
        if not inside:
            raise self.error(way, f'source "{source[:100]}" leads out of the folder of the description')
        return folder / source

    def get(self, *way: str | int, default: Any = None) -> Any:
        """Return what stands at a place."""
        found = self.data
        for key in way:
            if isinstance(found, dict):
                found = found.get(key)
            elif isinstance(found, list) and isinstance(key, int) and key < len(found):
                found = found[key]
            else:
                return default
        return default if found is None else found

    def place(self, *way: str | int) -> tuple[int, int]:
        """Return the line and column of a place, or of what it would stand in."""
        node, mark = self.node, self.node.start_mark
        for key in way:
            below = None
            if isinstance(node.value, list) and isinstance(key, int) and key < len(node.value):
                below = node.value[key]
                mark = below.start_mark if not isinstance(below, tuple) else mark
            elif isinstance(node.value, list):
                for pair in node.value:
                    if isinstance(pair, tuple) and pair[0].value == key:
                        mark, below = pair[0].start_mark, pair[1]
            if below is None or isinstance(below, tuple):
                break
            node = below
        return mark.line + 1, mark.column + 1

    def error(self, way: Way, reason: str) -> ConfigError:
        line, column = self.place(*way)
        return ConfigError(f"{self.name}:{line}:{column}: {' '.join(reason.split())}")

    def tensors(self, key: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
        """Yield the tensors of a list with their number and name."""
        found = self.get(key)
        if not isinstance(found, list) or not found or len(found) > _MANY:
            raise self.error((key,), f"{key} is no list of tensors")
        for number, one in enumerate(found):
            name = one.get("id", one.get("name")) if isinstance(one, dict) else None
            if not isinstance(name, str):
                raise self.error((key, number), "a tensor without a name")
            yield number, name, one

    def number(self, value: Any, way: Way, least: int | None = 0) -> Fraction:
        """Return a number of at least so much."""
        plain = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not plain or not abs(value) < _LARGEST or (least is not None and value < least):
            raise self.error(way, f"{way[-1]} is a number{'' if least is None else f' from {least} on'}")
        return Fraction(value).limit_denominator(1 << 16)

    def whole(self, value: Any, way: Way, least: int = 0) -> int:
        """Return a whole number of at least so much."""
        if not isinstance(value, int):
            raise self.error(way, f"{way[-1]} is a whole number")
        return int(self.number(value, way, least))


class _New:
    """Tensors as 0.5 describes them: a list of axes."""

    def __init__(self, reader: _Reader) -> None:
        self.reader = reader
        self.scales: dict[tuple[str, str], Fraction] = {}

    def all(self, key: str) -> dict[str, list[DescribedAxis]]:
        found = {}
        for number, name, one in self.reader.tensors(key):
            axes = one.get("axes")
            if not isinstance(axes, list) or len(axes) > _MANY or not all(isinstance(a, dict) for a in axes):
                raise self.reader.error((key, number, "axes"), f"axes of {name!r} are no list of axes")
            found[name] = [self.axis(name, axis, (key, number, "axes", at)) for at, axis in enumerate(axes)]
        return found

    def axis(self, tensor: str, axis: dict[str, Any], way: Way) -> DescribedAxis:
        reader, kind = self.reader, str(axis.get("type"))
        name = str(axis.get("id") or kind)
        scale = reader.number(axis.get("scale", 1), (*way, "scale"))
        if not scale:
            raise reader.error((*way, "scale"), "scale is a number above 0")
        self.scales[tensor, name] = scale
        size, least, step, reference = axis.get("size"), None, 0, None
        if kind == "channel":
            names = axis.get("channel_names")
            least = len(names) if isinstance(names, list) else None
        elif kind == "batch":
            least = size if isinstance(size, int) else 1
        elif isinstance(size, int):
            least = reader.whole(size, (*way, "size"), 1)
        elif isinstance(size, dict) and "min" in size:
            least = reader.whole(size["min"], (*way, "size", "min"), 1)
            step = reader.whole(size.get("step", 0), (*way, "size", "step"))
        elif isinstance(size, dict) and "tensor_id" in size:
            of = str(size["tensor_id"]), str(size.get("axis_id"))
            offset = reader.number(size.get("offset", 0), (*way, "size", "offset"), None)
            reference = Reference(
                tensor=of[0], axis=of[1], scale=self.scales.get(of, Fraction(1)) / scale, offset=offset
            )
        halo = reader.whole(axis["halo"], (*way, "halo")) if "halo" in axis else None
        places = {
            key: reader.place(*way, *below)
            for key, below in {
                "axis": (), "halo": ("halo",), "size": ("size",), "min": ("size", "min"), "step": ("size", "step"),
                "offset": ("size", "offset"), "scale": ("scale",),
            }.items()
        }  # fmt: skip
        return DescribedAxis(
            name=name, kind=kind, least=least, step=step, reference=reference, halo=halo, places=places
        )


class _Old:
    """Tensors as 0.4 describes them: letters for axes, and lists with a number for each."""

    def __init__(self, reader: _Reader) -> None:
        self.reader = reader

    def all(self, key: str) -> dict[str, list[DescribedAxis]]:
        found = {}
        for number, name, one in self.reader.tensors(key):
            letters = one.get("axes")
            if not isinstance(letters, str) or not letters or set(letters) - set(_LETTERS):
                raise self.reader.error((key, number, "axes"), f"axes of {name!r} are letters such as bcyx")
            found[name] = [self.axis(one, letters, at, (key, number)) for at in range(len(letters))]
        return found

    def axis(self, one: dict[str, Any], letters: str, at: int, way: Way) -> DescribedAxis:
        reader, shape = self.reader, one.get("shape")
        least, step, reference = None, 0, None
        if isinstance(shape, list) and len(shape) == len(letters):
            least = reader.whole(shape[at], (*way, "shape", at), 1)
        elif isinstance(shape, dict) and "min" in shape:
            least = reader.whole(self.entry(shape, "min", letters, at, way), (*way, "shape", "min"), 1)
            step = reader.whole(self.entry(shape, "step", letters, at, way), (*way, "shape", "step"))
        elif isinstance(shape, dict) and "reference_tensor" in shape:
            scale = self.entry(shape, "scale", letters, at, way)
            offset = self.entry(shape, "offset", letters, at, way)
            if scale is not None:  # else it is an axis that the input does not have
                reference = Reference(
                    tensor=str(shape["reference_tensor"]),
                    axis=letters[at],
                    scale=reader.number(scale, (*way, "shape", "scale")),
                    offset=2 * reader.number(offset, (*way, "shape", "offset"), None),
                )
        else:
            raise reader.error((*way, "shape"), "shape has a number for each axis, or min and step of them")
        halo = one.get("halo")
        if halo is not None and (not isinstance(halo, list) or len(halo) != len(letters)):
            raise reader.error((*way, "halo"), f"halo has a number for each of the axes {letters}")
        places = {
            "axis": reader.place(*way, "axes"),
            "size": reader.place(*way, "shape"),
            "halo": reader.place(*way, "halo", at),
            **{key: reader.place(*way, "shape", key, at) for key in ("min", "step", "scale", "offset")},
        }
        return DescribedAxis(
            name=letters[at],
            kind=_LETTERS[letters[at]],
            least=least,
            step=step,
            reference=reference,
            halo=None if halo is None else reader.whole(halo[at], (*way, "halo", at)),
            places=places,
        )

    def entry(self, shape: dict[str, Any], key: str, letters: str, at: int, way: Way) -> Any:
        values = shape.get(key)
        if not isinstance(values, list) or len(values) != len(letters):
            raise self.reader.error(
                (*way, "shape", key), f"{key} has a number for each of the axes {letters}"
            )
        return values[at]


def _parsed(content: bytes, name: str) -> tuple[Any, Any]:
    """Return what YAML says, and its nodes.

    Raises:
        ConfigError: PyYAML is not there, or the text is not YAML, or more of it than a description has.
    """
    try:
        import yaml
    except ImportError:
        raise ConfigError(
            f"{name}: reading bioimage.io descriptions needs PyYAML: pip install 'pytest-rf[bioimageio]'"
        ) from None
    try:
        text = content.decode("utf-8")
        aliases = sum(isinstance(one, yaml.AliasToken) for one in yaml.scan(text, yaml.SafeLoader))
        # Merged keys can grow without end, and no description needs them.
        if aliases > _MANY or re.search(r"(^|[\s{,?])[\"']?<<[\"']?\s*:", text):
            raise ConfigError(
                f"{name}: has merged keys, or more than {_MANY} aliases, which no description needs"
            )
        return yaml.safe_load(text), yaml.compose(text, yaml.SafeLoader) or yaml.ScalarNode("", "")
    except RecursionError:
        raise ConfigError(f"{name}: nested too deeply") from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark is not None else ""
        reason = getattr(error, "problem", None) or str(error)
        raise ConfigError(f"{name}{where}: not valid YAML: {' '.join(str(reason).split())[:200]}") from None
