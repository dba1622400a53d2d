"""Rows of the papers' tables, read from the file that quotes them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import yaml

from ..apis.zoo import MPII_ZOO, ZOO
from ..utils.errors import MissingFileError, UserError
from .published import COCO, MPII, TEST_DEV

#: The metrics of each data set, by their names in metafiles, in the order of tables.
_COCO_METRICS = ('AP', 'AP@0.5', 'AP@0.75', 'AP (M)', 'AP (L)', 'AR')
_JOINTS = ('Head', 'Shoulder', 'Elbow', 'Wrist', 'Hip', 'Knee', 'Ankle')
METRICS = {COCO: _COCO_METRICS, TEST_DEV: _COCO_METRICS, MPII: (*_JOINTS, 'Mean')}

#: The networks that can be counted, by data set.
ZOOS = {COCO: ZOO, TEST_DEV: ZOO, MPII: MPII_ZOO}

_KNOWN = ('network', 'method', 'backbone', 'input', 'params', 'gflops')


@dataclass(frozen=True)
class Row:
    """A result of a model, as a paper quotes it or its metafile publishes it."""

    dataset: str  # key of :data:`METRICS`
    network: str | None  # its name in the table of networks; None if it is not there
    label: str  # what it is called: in the table of networks, or in the paper
    input_size: tuple[int, int] | None  # width and height in pixels
    parameters: float | None
    macs: float | None  # multiply-accumulates of an image
    metrics: dict[str, float]  # from 0 to 100
    sources: tuple[str, ...]  # who publishes it: a URL, or paper and table in Markdown
    counted: bool = False  # whether parameters and MACs are, and not as printed
    ours: bool = False  # whether it is a model of this package
    reproduced: bool = False  # whether its sources measured it


@dataclass(frozen=True)
class Quotations:
    """What a file quotes."""

    papers: dict[str, str]  # the URL of each paper by name
    rows: list[Row]  # the rows of all tables
    notes: dict[str, list[str]]  # what is to be said of the tables, by data set


def read_quotations(path: str | Path) -> Quotations:
    """Read the rows of the papers' tables.

    The YAML file has ``papers`` and ``tables``, each of these with ``paper``,
    ``table``, ``dataset``, ``columns``, ``rows`` and, if anything is to be said,
    ``notes``.

    Raises:
        MissingFileError: If it does not exist.
        UserError: If a table or a row is not as it should be; the message names it.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(
            f'{path} does not exist: give the folder docs of a checkout'
        )
    content = yaml.safe_load(path.read_text(encoding='utf-8'))
    rows, notes = [], {dataset: [] for dataset in METRICS}
    for table in content['tables']:
        source = f'[{table["paper"]}], Table {table["table"]}'
        where = f'{path}, {table["paper"]}, table {table["table"]}'
        _check_table(table, content['papers'], where)
        notes[table['dataset']] += [f'{source}: {n}' for n in table.get('notes', ())]
        for values in table['rows']:
            rows.append(_read_row(table, values, source, where))
    return Quotations(content['papers'], rows, notes)


def _check_table(table: Mapping[str, Any], papers: Mapping, where: str) -> None:
    if table['paper'] not in papers:
        raise UserError(f'{where}: this paper is not among {", ".join(papers)}')
    if table['dataset'] not in METRICS:
        raise UserError(
            f'{where}: data set {table["dataset"]!r}: {", ".join(METRICS)} would do'
        )
    known = (*_KNOWN, *METRICS[table['dataset']])
    unknown = [name for name in table['columns'] if name not in known]
    if unknown:
        raise UserError(
            f'{where}: column {unknown[0]!r} is unknown: {", ".join(known)} would do'
        )


def _read_row(table: Mapping[str, Any], values: list, source: str, where: str) -> Row:
    columns, dataset = table['columns'], table['dataset']
    if len(values) != len(columns):
        raise UserError(
            f'{where}: {values} has {len(values)} values for {len(columns)} columns'
        )
    row = {k: v for k, v in zip(columns, values, strict=True) if v is not None}
    metrics = {name: row[name] for name in METRICS[dataset] if name in row}
    for name, value in metrics.items():
        if not isinstance(value, Real) or not 0 <= value <= 100:
            raise UserError(f'{where}: {name} of {values} is not from 0 to 100')
    network = row.get('network')
    if network is not None and network not in ZOOS[dataset]:
        raise UserError(
            f'{where}: network {network!r} is unknown: {", ".join(ZOOS[dataset])} '
            'would do, or ~'
        )
    missing = [name for name in _KNOWN[3:] if name not in row]
    if network and missing:
        raise UserError(
            f'{where}: {values} lacks {missing[0]}; network {network} has it'
        )
    return Row(
        dataset=dataset,
        network=network,
        label=_name(row, ZOOS[dataset]),
        input_size=_read_size(row['input'], where) if 'input' in row else None,
        parameters=row['params'] * 1e6 if 'params' in row else None,
        macs=row['gflops'] * 1e9 if 'gflops' in row else None,
        metrics=metrics,
        sources=(source,),
    )


def _name(row: Mapping[str, Any], zoo: Mapping[str, tuple[str, str]]) -> str:
    """Name a network as its table does, or by method and backbone where these differ."""
    if 'network' in row:
        return zoo[row['network']][0]
    method, backbone = row['method'], row.get('backbone', '')
    if method in backbone:
        return backbone
    return method if backbone in method else f'{method}, {backbone}'


def _read_size(text: str, where: str) -> tuple[int, int]:
    match = re.fullmatch(r'(\d+)x(\d+)', str(text))
    if not match:
        raise UserError(
            f'{where}: input {text!r}: height and width such as 256x192 would do'
        )
    return int(match[2]), int(match[1])
