"""The study's report: a table of the runs, and figures."""

from pathlib import Path

from ..utils.files import check_absent, whole_file
from .claims import judge_claims
from .figures import draw_figures
from .intervals import read_tables, resample
from .table import make_table, read_records

TABLE = 'results.md'
DPI = 80


def make_report(
    runs: str | Path, out_dir: str | Path | None = None, overwrite: bool = False
) -> list[Path]:
    """Write table and figures of the runs of a study.

    Args:
        runs (str | Path): Folder of the runs' JSON files, and of the CSV files of
            those that were evaluated person by person.
        out_dir (str | Path, optional): Folder to write to. Defaults to ``None``, that
            of the runs
        overwrite (bool): Replace an older report. Defaults to ``False``

    Returns:
        list[Path]: ``results.md``, then the figures.

    Raises:
        MissingFileError: If there are no runs.
        UserError: If a file is no record of a run, a table is not of its run, or there
            is a report already.
    """
    records = read_records(runs)
    tables = read_tables(runs, records)
    resampled = {name: resample(table) for name, table in tables.items()}
    findings = judge_claims(records, resampled)
    out_dir = Path(runs if out_dir is None else out_dir)
    figures = draw_figures(records)
    paths = [out_dir / name for name in (TABLE, *figures)]
    for path in paths:
        check_absent(path, overwrite)
    with whole_file(paths[0]) as part:
        part.write_text(make_table(records, resampled, findings), encoding='utf-8')
    for path, figure in zip(paths[1:], figures.values(), strict=True):
        with whole_file(path) as part:
            figure.savefig(part, format='png', dpi=DPI)
    return paths
