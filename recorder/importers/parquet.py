"""Read foreign parquet tables, row group by row group. Runs in the child only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recorder.importers.limits import Limits, Refused
from recorder.importers.picture import decode_picture

MAGIC = b"PAR1"
THRIFT_BYTES = 64 << 20  # of the footer; pyarrow's own default is 100 MB
SHARED = 4  # dictionaries repeat values in memory, not in the file
BATCH_ROWS = 1024  # a picture column of them stays below 1 GB

pa.set_cpu_count(1)
pa.set_io_thread_count(1)


def open_table(path: Path, limits: Limits) -> pq.ParquetFile:
    """Open a table and judge its footer.

    Raises
    ------
    Refused
        When it is no parquet, or claims more than the limits.
    """
    size = path.stat().st_size
    with open(path, "rb") as file:
        if size < 12 or file.read(4) != MAGIC:
            raise Refused(f"'{path.name}' does not begin like a parquet file")
    try:
        table = pq.ParquetFile(
            str(path),
            memory_map=False,
            pre_buffer=False,
            thrift_string_size_limit=THRIFT_BYTES,
            thrift_container_size_limit=1_000_000,
            arrow_extensions_enabled=False,
        )
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from None
    facts = table.metadata
    groups = [facts.row_group(at) for at in range(facts.num_row_groups)]
    if not 0 <= facts.num_rows <= limits.rows:
        raise Refused(f"'{path.name}' claims {facts.num_rows} rows (limit {limits.rows})")
    if facts.num_columns > limits.columns:
        raise Refused(f"'{path.name}' has {facts.num_columns} columns (limit {limits.columns})")
    if any(group.num_rows < 0 for group in groups) or facts.num_rows != sum(
        group.num_rows for group in groups
    ):
        raise Refused(
            f"'{path.name}' claims {facts.num_rows} rows, its groups hold "
            f"{sum(group.num_rows for group in groups)}; it is damaged"
        )
    inflated = sum(max(0, group.total_byte_size) for group in groups)
    if inflated > min(max(limits.ratio * size, limits.ratio_floor_bytes), limits.total_bytes):
        raise Refused(
            f"'{path.name}' inflates to {inflated} bytes, {inflated / size:.0f} times its size "
            f"(limits {limits.total_bytes} bytes, {limits.ratio:g} times)"
        )
    for column in table.schema_arrow:
        if _kind(column.type) == "":
            raise Refused(
                f"'{path.name}': column '{column.name[:80]}' has type '{column.type}'; only "
                "numbers, text, lists of them and pictures are read"
            )
    return table


def _kind(kind: pa.DataType) -> str:
    if isinstance(kind, pa.BaseExtensionType):
        return ""
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return "number"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        return "text"
    if pa.types.is_struct(kind):
        names = {kind.field(at).name for at in range(kind.num_fields)}
        return "picture" if names == {"bytes", "path"} else ""
    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    if any(is_list(kind) for is_list in lists):
        inner = _kind(kind.value_type)
        return "list" if inner in ("number", "text", "list") else ""
    return ""


def _damaged(path: Path, error: Exception) -> Refused:
    first = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return Refused(f"'{path.name}' cannot be read as parquet: {first}; it is damaged")


def describe(path: Path, limits: Limits) -> Iterator[tuple[dict[str, Any], list[NDArray[Any]]]]:
    """Rows, and kind of every column."""
    table = open_table(path, limits)
    columns = {column.name: _kind(column.type) for column in table.schema_arrow}
    yield {"rows": table.metadata.num_rows, "columns": columns}, []


def check(path: Path, limits: Limits) -> Iterator[tuple[dict[str, Any], list[NDArray[Any]]]]:
    """Read every row once and keep none."""
    table = open_table(path, limits)
    count = sum(len(batch) for batch in _batches(path, table, None, limits))
    if count != table.metadata.num_rows:
        raise Refused(f"'{path.name}' holds {count} rows, {table.metadata.num_rows} are announced")
    yield {"rows": count}, []


def _batches(
    path: Path,
    table: pq.ParquetFile,
    columns: list[str] | None,
    limits: Limits,
    groups: list[int] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Batches of rows, counted while they inflate: what the footer says is not believed."""
    read = 0
    size = path.stat().st_size
    allowed = min(max(limits.ratio * size, limits.ratio_floor_bytes), limits.total_bytes)
    try:
        for batch in table.iter_batches(BATCH_ROWS, groups, columns, use_threads=False):
            read += batch.nbytes
            if read > SHARED * allowed:
                raise Refused(
                    f"'{path.name}' inflates beyond {read} bytes, {read / size:.0f} times its size "
                    f"(limit {SHARED * limits.ratio:g} times)"
                )
            yield batch
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from None


def records(
    path: Path, limits: Limits, skip: str = ""
) -> Iterator[tuple[dict[str, Any], list[NDArray[Any]]]]:
    """All rows as JSON objects, without columns that begin with ``skip``; for small tables."""
    table = open_table(path, limits)
    names = [
        column.name
        for column in table.schema_arrow
        if _kind(column.type) != "picture" and not (skip and column.name.startswith(skip))
    ]
    for batch in _batches(path, table, names, limits):
        for start in range(0, len(batch), 256):
            yield {"rows": _plain(batch.slice(start, 256).to_pylist())}, []


def _plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in rows]


def episode(
    path: Path, limits: Limits, index: int, columns: list[str]
) -> Iterator[tuple[dict[str, Any], list[NDArray[Any]]]]:
    """Numeric columns of one episode of a LeRobot table, in blocks of rows.

    Parameters
    ----------
    index : int
        Value of ``episode_index``.
    columns : list of str
        Which columns, each ``(N,)`` or ``(N, D)`` in the answer.
    """
    for block in _episode_batches(path, limits, index, columns):
        arrays = [_numeric(path, name, block.column(name)) for name in columns]
        yield {"rows": len(block)}, arrays


def pictures(
    path: Path, limits: Limits, index: int, column: str
) -> Iterator[tuple[dict[str, Any], list[NDArray[Any]]]]:
    """Pictures of one episode, decoded to RGB, one per answer."""
    for block in _episode_batches(path, limits, index, [column]):
        for value in block.column(column):
            data = value["bytes"].as_py() if value.is_valid else None
            if not data:
                raise Refused(
                    f"'{path.name}': column '{column}' names pictures in other files; export "
                    "with the pictures inside the table"
                )
            yield {}, [decode_picture(data, f"{path.name}:{column}", limits)]


def _episode_batches(
    path: Path, limits: Limits, index: int, columns: list[str]
) -> Iterator[pa.RecordBatch]:
    table = open_table(path, limits)
    present = {column.name for column in table.schema_arrow}
    for name in ("episode_index", *columns):
        if name not in present:
            raise Refused(f"'{path.name}' has no column '{name[:80]}'")
    groups = [at for at in range(table.num_row_groups) if _may_hold(table, at, index)]
    wanted = list(dict.fromkeys(("episode_index", *columns)))
    for batch in _batches(path, table, wanted, limits, groups):
        chosen = np.asarray(batch.column("episode_index")) == index
        if chosen.any():
            yield batch.filter(pa.array(chosen))


def _may_hold(table: pq.ParquetFile, group: int, index: int) -> bool:
    facts = table.metadata.row_group(group)
    for at in range(facts.num_columns):
        chunk = facts.column(at)
        if chunk.path_in_schema == "episode_index":
            known = chunk.statistics
            if known is None or not known.has_min_max:
                return True
            return bool(known.min <= index <= known.max)
    return True


def _numeric(path: Path, name: str, column: pa.Array) -> NDArray[Any]:
    if column.null_count:
        raise Refused(f"'{path.name}': column '{name[:80]}' has {column.null_count} empty rows")
    depth = 0
    values = column
    while not isinstance(values.type, pa.BaseExtensionType) and _kind(values.type) == "list":
        values, depth = values.flatten(), depth + 1
    if _kind(values.type) != "number" or values.null_count:
        raise Refused(f"'{path.name}': column '{name[:80]}' has type '{column.type}', not numbers")
    flat = values.to_numpy(zero_copy_only=False)
    if depth == 0:
        return flat
    if len(column) == 0 or len(flat) % len(column):
        raise Refused(f"'{path.name}': rows of column '{name[:80]}' differ in length")
    width = len(flat) // len(column)
    lengths = column.value_lengths() if hasattr(column, "value_lengths") else None
    if lengths is not None and depth == 1 and len(set(lengths.to_pylist())) > 1:
        raise Refused(f"'{path.name}': rows of column '{name[:80]}' differ in length")
    return flat.reshape(len(column), width)


QUESTIONS = {
    "parquet.check": check,
    "parquet.describe": describe,
    "parquet.records": records,
    "parquet.episode": episode,
    "parquet.pictures": pictures,
}
