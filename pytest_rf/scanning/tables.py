"""The table as a file: Parquet or JSON Lines, written whole or not at all."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import msgspec

from pytest_rf.errors import RFError
from pytest_rf.scanning.extras import imported
from pytest_rf.scanning.rows import COLUMNS, Row

ENDINGS = (".parquet", ".jsonl")
"""How outputs end, which tells their format."""


class TableError(RFError):
    """A table cannot be read or written."""


def ready(path: Path) -> None:
    """Hold that a table of this format can be written, before anything is scanned.

    Raises:
        ExtraError: its library is not installed.
    """
    if path.suffix == ".parquet":
        _parquet()


def read(path: Path) -> dict[str, list[Row]]:
    """Return the rows of a table by file; none where there is no table yet.

    Raises:
        TableError: the file is no table of ours.
    """
    if not path.exists() or not path.stat().st_size:
        return {}
    found: dict[str, list[Row]] = {}
    try:
        plain = _read_parquet(path) if path.suffix == ".parquet" else _read_lines(path)
        for row in msgspec.convert(list(plain), list[Row], strict=True):
            found.setdefault(row.file, []).append(row)
    except OSError as error:
        raise TableError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, TypeError, RecursionError, msgspec.ValidationError):
        raise TableError(
            f"{path}: is there and is no result of a scan; name another file, or remove it"
        ) from None
    return found


def write(path: Path, rows: Sequence[Row]) -> None:
    """Write a table.

    Raises:
        TableError: it cannot be written.
    """
    draft = path.with_name(f".rf-{os.urandom(8).hex()}.tmp")
    try:
        if path.suffix == ".parquet":
            _write_parquet(draft, rows)
        else:
            with draft.open("w", encoding="ascii", newline="\n") as stream:
                stream.writelines(map(_line, rows))
        if path.exists():
            draft.chmod(path.stat().st_mode & 0o777)
        draft.replace(path)
    except OSError as error:
        raise TableError(
            f"{path}: cannot be written: {error.strerror or error}; choose another file"
        ) from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _line(row: Row) -> str:
    """Return a row as a line: whole numbers as such, infinity, for which JSON has no number, as text."""
    plain = {name: _json(value) for name, value in msgspec.to_builtins(row).items()}
    return json.dumps(plain, allow_nan=False) + "\n"


def _json(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return int(value) if value.is_integer() else value


def _read_lines(path: Path) -> Iterator[dict[str, Any]]:
    numbers = [name for name, kind in COLUMNS.items() if float in get_args(kind)]
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            row = json.loads(line)
            for name in numbers:
                if row.get(name) in ("inf", "-inf"):
                    row[name] = float(row[name])
            yield row


def _parquet() -> Any:
    return imported("pyarrow.parquet", "scan", "a .parquet file")


def _read_parquet(path: Path) -> Iterable[dict[str, Any]]:
    table = _parquet().read_table(path, use_threads=False)
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _write_parquet(path: Path, rows: Sequence[Row]) -> None:
    parquet = _parquet()
    arrow = imported("pyarrow", "scan", "a .parquet file")
    kinds = {str: arrow.string(), int: arrow.int64(), float: arrow.float64(), bool: arrow.bool_()}
    columns = {
        name: arrow.array([_text(getattr(row, name)) for row in rows], kinds[_kind(kind)])
        for name, kind in COLUMNS.items()
    }
    parquet.write_table(arrow.table(columns), path, compression="zstd")


def _kind(kind: Any) -> type:
    """Return the type of a column's values, None left out."""
    (found,) = (one for one in get_args(kind) or (kind,) if one is not type(None))
    return found  # type: ignore[no-any-return]


def _text(value: Any) -> Any:
    """Return a value; of a name that is not UTF-8, which Parquet cannot hold, its escaped form."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
