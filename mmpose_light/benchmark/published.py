"""The accuracy that authors publish, read from the metafiles beside their configs."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from numbers import Real
from pathlib import Path

import mmpose
import yaml

#: Where MMPose has its configs and metafiles, here and on the web.
HOST = Path(mmpose.__file__).parent / '.mim'
HOST_URL = 'https://github.com/open-mmlab/mmpose/blob'

#: The data sets.
COCO, TEST_DEV, MPII = 'COCO val2017', 'COCO test-dev', 'MPII'


@dataclass(frozen=True)
class Published:
    """What is published of a model on a data set."""

    #: :data:`COCO`, :data:`TEST_DEV`, :data:`MPII`, or as the metafile names it.
    dataset: str
    #: From 0 to 100, by the names of metafiles: 'AP', 'AP@0.5', 'AP (M)', 'Mean' …
    metrics: dict[str, float]
    source: str  # where it stands: the URL of a metafile or of a paper
    reproduced: bool  # whether those who wrote the metafile measured it

    @property
    def ap(self) -> float | None:
        """The AP; None where only other figures are published."""
        return self.metrics.get('AP')


def find_published(config: str | Path) -> Published | None:
    """Find the first AP on COCO val2017 that is published for a config."""
    for published in list_published(config):
        if published.dataset == COCO and published.ap is not None:
            return published
    return None


def list_published(config: str | Path) -> list[Published]:
    """List all that is published for a config, on whatever data.

    Metafiles are looked for beside the config and one folder up; the first that names
    the config tells.
    """
    config = Path(config)
    for folder in (config.parent, config.parent.parent):
        for metafile in sorted(folder.glob('*.yml')):
            content = _read_metafile(metafile, metafile.stat().st_mtime_ns)
            for entry in content['Models']:
                if Path(entry.get('Config', '')).name == config.name:
                    return list(_read_entry(entry, content, metafile))
    return []


@lru_cache
def _read_metafile(metafile: Path, changed: int) -> dict:
    """Read a metafile once, and again after it was changed; others have no models."""
    content = yaml.safe_load(metafile.read_text(encoding='utf-8'))
    is_metafile = isinstance(content, dict) and 'Models' in content
    return content if is_metafile else dict(Models=())


def _read_entry(entry: dict, content: dict, metafile: Path) -> Iterator[Published]:
    for result in entry.get('Results', ()):
        metrics = {
            name: round(100 * value, 2)
            for name, value in result['Metrics'].items()
            if isinstance(value, Real)
        }
        reproduced = 'not reproduced' not in result['Dataset']
        source = _name_source(entry, content, metafile, reproduced)
        yield Published(_name_dataset(result['Dataset']), metrics, source, reproduced)


def _name_dataset(name: str) -> str:
    """Name a data set without what is said of it in brackets."""
    name = name.partition(' (')[0].strip()
    words = name.split() or ['']
    if words[0] == 'COCO':
        return TEST_DEV if 'test' in name else COCO
    return MPII if words[0] == 'MPII' else name


def _name_source(entry: dict, content: dict, metafile: Path, reproduced: bool) -> str:
    if metafile.is_relative_to(HOST):
        return f'{HOST_URL}/v{mmpose.__version__}/{metafile.relative_to(HOST)}'
    papers = {
        collection['Name']: collection.get('Paper', {}).get('URL')
        for collection in content.get('Collections', ())
    }
    paper = papers.get(entry.get('In Collection'))
    return paper if paper and not reproduced else str(metafile)
