"""The accuracy that authors publish, read from the metafiles beside their configs."""

from dataclasses import dataclass
from pathlib import Path

import mmpose
import yaml

HOST_URL = 'https://github.com/open-mmlab/mmpose/blob'


@dataclass(frozen=True)
class Published:
    """A published AP on COCO val2017.

    Attributes:
        ap (float): The AP, from 0 to 100.
        source (str): Where it stands: the URL of a metafile or of a paper.
        reproduced (bool): Whether those who wrote the metafile measured it.
    """

    ap: float
    source: str
    reproduced: bool


def find_published(config: str | Path) -> Published | None:
    """Find the AP on COCO that is published for a config.

    Metafiles are looked for beside the config and one folder up.

    Args:
        config (str | Path): The config file.

    Returns:
        Published | None: The AP; None where no metafile tells one.

    Example:
        >>> from mmpose_light.apis.benchmark.models import find_subjects
        >>> find_published(find_subjects(['hrnet-w32'])[0].config).ap
        74.6
    """
    config = Path(config)
    for folder in (config.parent, config.parent.parent):
        for metafile in sorted(folder.glob('*.yml')):
            content = yaml.safe_load(metafile.read_text(encoding='utf-8'))
            if not isinstance(content, dict) or 'Models' not in content:
                continue
            for entry in content['Models']:
                if Path(entry.get('Config', '')).name == config.name:
                    return _read_entry(entry, content, metafile)
    return None


def _read_entry(entry: dict, content: dict, metafile: Path) -> Published | None:
    for result in entry.get('Results', ()):
        ap = result['Metrics'].get('AP')
        if result['Dataset'].startswith('COCO') and ap is not None:
            reproduced = 'not reproduced' not in result['Dataset']
            source = _name_source(entry, content, metafile, reproduced)
            return Published(round(100 * ap, 2), source, reproduced)
    return None


def _name_source(entry: dict, content: dict, metafile: Path, reproduced: bool) -> str:
    host = Path(mmpose.__file__).parent / '.mim'
    if metafile.is_relative_to(host):
        return f'{HOST_URL}/v{mmpose.__version__}/{metafile.relative_to(host)}'
    papers = {
        collection['Name']: collection.get('Paper', {}).get('URL')
        for collection in content.get('Collections', ())
    }
    paper = papers.get(entry.get('In Collection'))
    return paper if paper and not reproduced else str(metafile)
