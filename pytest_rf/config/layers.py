"""What a configuration says of many models, or of one: rules and requirements, of its own and of what it extends.

There are two layers. The file's holds for every model; a model's lies on top of it for that model alone. Within a
layer what is ignored goes before what is selected; between layers the model's word goes before the file's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from pytest_rf import checks
from pytest_rf.config import packs, tomlfile
from pytest_rf.config.declared import PlacedRequirement
from pytest_rf.config.operators import statements
from pytest_rf.config.positions import Keys, Place
from pytest_rf.config.tomlfile import Document
from pytest_rf.registry import Statement
from pytest_rf.requirements import RequirementTextError, parse

if TYPE_CHECKING:
    from pytest_rf.config.tables import OperatorTable

#: Files that extend files that extend files.
MAX_DEPTH = 8

#: More files than this are extended by mistake, or by malice.
MAX_FILES = 100


class TakenIn(NamedTuple):
    """Where a configuration takes a pack in: what it writes there, the file and the place."""

    text: str
    file: str
    place: Place


class Table(Protocol):
    """The keys that a configuration, a pack and a model have in common."""

    @property
    def extend(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def select(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def ignore(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def require(self) -> Sequence[str]: ...  # noqa: D102


class Pack(Table, Protocol):
    """A file, which states operators, too."""

    @property
    def operator(self) -> Sequence[OperatorTable]: ...  # noqa: D102


class Files:
    """The files that are extended, each read once."""

    def __init__(self, root: Path, convert: Callable[[Document], Pack]) -> None:
        """Remember where they must lie.

        Args:
            root: the folder that paths must stay in.
            convert: gives the table of a document, or raises the error of its place.
        """
        self.root = root
        self._convert = convert
        self._known: dict[Path, tuple[Document, Pack]] = {}

    def read(self, path: Path, by: Document, line: int) -> tuple[Document, Pack]:
        """Return what a file says, and what that means; ``by`` extends it in a line.

        Raises:
            ConfigError: it cannot be read, is not a pack, or there are too many files.
        """
        if path not in self._known:
            if len(self._known) >= MAX_FILES:
                raise by.error(f"more than {MAX_FILES} files are extended", line)
            document = tomlfile.read(path)
            self._known[path] = document, self._convert(document)
        return self._known[path]


class Layer:
    """Rules and requirements of a file or a model, those that it extends first.

    Attributes:
        select: the rules that are selected.
        ignore: the rules that are ignored.
        requires: the requirements.
        operators: what is stated of operators.
        rules: what is said of rules, key by key, by name.
    """

    def __init__(self, files: Files, below: Layer | None = None) -> None:
        """Begin with nothing.

        Args:
            files: the files that can be extended.
            below: the layer that this one lies on; what that extends is not taken twice.
        """
        self.select: list[str] = []
        self.ignore: list[str] = []
        self.requires: list[PlacedRequirement] = []
        self.operators: dict[str, Statement] = {}
        self.rules: dict[str, dict[str, Any]] = {}
        self._files = files
        self._taken: set[Path] = set() if below is None else set(below._taken)

    def take(
        self,
        document: Document,
        table: Table,
        *at: str | int,
        operator: Sequence[OperatorTable] = (),
    ) -> None:
        """Take what a table of a document says.

        Args:
            document: the document.
            table: the table.
            at: the way to the table: none to the whole document, ``"model", 0`` to a model.
            operator: what it states of operators.

        Raises:
            ConfigError: it says something that is wrong; the text names the line.
        """
        self._take(document, table, at, (document.path.resolve(),))
        self.operators.update(statements(document, operator))

    def _take(
        self,
        document: Document,
        table: Table,
        at: Keys,
        chain: tuple[Path, ...],
        taken_in: TakenIn | None = None,
    ) -> None:
        for number, text in enumerate(table.extend):
            self._extend(document, text, document.place(*at, "extend", number), chain, taken_in)
        for key, texts in (("select", table.select), ("ignore", table.ignore)):
            for number, text in enumerate(texts):
                _known(document, text, *at, key, number)
        for number, text in enumerate(table.ignore):
            kept = [rule for rule in checks.match(text) if rule.always]
            if kept and len(text) > len("RF0"):
                raise document.error(
                    f"{kept[0].code} cannot be ignored; waive the finding in [[model.waiver]]",
                    document.line(*at, "ignore", number),
                )
        for name, keys in document.value(*at, "rule").items():
            self.rules[name] = {**self.rules.get(name, {}), **keys}
        self.select += table.select
        self.ignore += table.ignore
        for one in stated(document, table.require, *at):
            pack = "" if taken_in is None else _named(taken_in.text, document)
            file, (line, column) = taken_in[1:] if taken_in else (one.file, Place(one.line, one.column))
            self.requires.append(
                PlacedRequirement(one.requirement, file, line, len(chain) > 1, column=column, pack=pack)
            )

    def _extend(
        self,
        document: Document,
        text: str,
        place: Place,
        chain: tuple[Path, ...],
        taken_in: TakenIn | None,
    ) -> None:
        """Take what an extended file says, unless it has been taken."""
        line = place.line
        path = packs.locate(text, document, self._files.root, line)
        if path in chain:
            raise document.error(f'"{text}" extends itself in a circle', line)
        if len(chain) > MAX_DEPTH:
            raise document.error(f"files extend files more than {MAX_DEPTH} deep", line)
        if path in self._taken:
            return
        extended, table = self._files.read(path, document, line)
        # Who reads a finding of a pack's requirement can change the line that takes the pack in, not the pack.
        taken_in = taken_in or (
            TakenIn(text, document.name, place) if text.startswith("pytest-rf:") else None
        )
        self._take(extended, table, (), (*chain, path), taken_in)
        self.operators.update(statements(extended, table.operator))
        self._taken.add(path)


def _named(text: str, document: Document) -> str:
    """Return a pack by the name that the configuration takes in, with that of the one which that extends."""
    own = f"pytest-rf:{document.path.stem}"
    return text if text == own else f"{text}, which extends {own}"


def stated(document: Document, texts: Iterable[str], *at: str | int) -> list[PlacedRequirement]:
    """Read the requirements of a table and remember their places.

    Raises:
        ConfigError: one cannot be understood.
    """
    found: list[PlacedRequirement] = []
    for number, text in enumerate(texts):
        line, column = document.place(*at, "require", number)
        try:
            found.append(PlacedRequirement(parse(text), document.name, line, column=column))
        except RequirementTextError as error:
            raise document.error(str(error), line, error.detail) from None
    return found


def _known(document: Document, text: str, *at: str | int) -> None:
    """Refuse what stands for no rule."""
    try:
        checks.match(text)
    except KeyError as error:
        raise document.error(str(error.args[0]), document.line(*at)) from None
