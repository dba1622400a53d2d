"""What the documentation says is true: its links, and the configs for one's own data.

The configs are read from the page, and train for one step through ``tools/train.py`` on
a synthetic set in the layout that the page describes.
"""

import argparse
import json
import re
import shlex
import sys
from pathlib import Path

import pytest
import torch

from mmpose_light import cli
from mmpose_light.datasets.synthetic_people import write_synthetic_people
from mmpose_light.utils.host_tools import run_host_tool

REPO = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [*REPO.glob('*.md')]
    + [
        page
        for name in ('configs', 'docs', 'weights')
        for page in REPO.glob(f'{name}/**/*.md')
    ]
)
LINK = re.compile(r'\]\(\s*<?([^)>\s]+)')
SHORT_RUN = [
    'model.backbone.init_cfg=None',
    'train_cfg.max_epochs=1',
    'train_dataloader.batch_size=2',
    'default_hooks.checkpoint.save_best=None',
    *(
        f'{split}_dataloader.{option}'
        for split in ('train', 'val')
        for option in ('num_workers=0', 'persistent_workers=False')
    ),
]


def without_code(page: Path) -> str:
    return re.sub(r'```.*?```', '', page.read_text(encoding='utf-8'), flags=re.S)


def anchors(page: Path) -> set[str]:
    """Return the anchors that a page's headings have on GitHub."""
    headings = re.findall(r'^#+ +(.*)$', without_code(page), re.M)
    plain = (
        re.sub(r'\[([^]]*)\]\([^)]*\)', r'\1', h).strip().lower() for h in headings
    )
    return {re.sub(r'[^\w\- ]', '', heading).replace(' ', '-') for heading in plain}


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(REPO)))
def test_relative_links_lead_somewhere(page):
    broken = []
    for link in LINK.findall(without_code(page)):
        path, _, anchor = link.partition('#')
        if re.match(r'\w+:', link):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(REPO)))
def test_named_configs_exist(page):
    """In code, where no link shows them: paths, and names as mim takes them."""
    text = page.read_text(encoding='utf-8')
    paths = set(re.findall(r'(?<![\w/])configs/[\w/-]+\.py', text))
    assert [path for path in paths if not (REPO / path).is_file()] == []
    names = set(re.findall(r'(?<![\w/(-])td-hm_[\w-]+\.py', text))
    assert names <= {path.name for path in REPO.glob('configs/**/*.py')}


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(REPO)))
def test_documented_commands_are_understood(page):
    """Each command and option is there; what stands in capitals counts as a name."""
    text = page.read_text(encoding='utf-8').replace('\\\n', ' ')
    for block in re.findall(r'```shell\n(.*?)```', text, re.S):
        for line in re.split(r'\n|&&', block):
            words = shlex.split(line, comments=True)
            if words[:1] != ['mmpose-light']:
                continue
            _, name, *arguments = words
            assert name in cli.COMMANDS, line
            parser = argparse.ArgumentParser(exit_on_error=False)
            cli.import_command(name).add_arguments(parser)
            numbers = [re.sub(r'^[XY][12]$', '1', word) for word in arguments]
            _, unknown = parser.parse_known_args(numbers)
            assert unknown == [], line


def test_first_page_is_short():
    assert len((REPO / 'README.md').read_text().splitlines()) <= 170


def documented(name: str) -> str:
    """Return the code of docs/data.md that begins with a file's name."""
    page = (REPO / 'docs/data.md').read_text(encoding='utf-8')
    (code,) = re.findall(rf'```python\n(# {re.escape(name)}\n.*?)```', page, re.S)
    return code


def write_data(root: Path, num_keypoints: int) -> None:
    """Write a data set of the layout that the page describes."""
    for seed, split in enumerate(('train', 'val')):
        file = write_synthetic_people(
            root, num_images=2, seed=seed, split=split, max_people=1
        )
        (root / 'images').mkdir(exist_ok=True)
        content = json.loads(file.read_text())
        for image in content['images']:
            name = f'{split}_{image["file_name"]}'
            (root / split / image['file_name']).rename(root / 'images' / name)
            image['file_name'] = name
        for annotation in content['annotations']:
            annotation['keypoints'] = annotation['keypoints'][: 3 * num_keypoints]
        (root / f'{split}.json').write_text(json.dumps(content))


@pytest.mark.parametrize(
    ('config', 'data', 'num_keypoints'),
    [('my_people.py', 'data/mine', 17), ('my_dogs.py', 'data/dogs', 6)],
)
def test_config_for_ones_own_data_trains(
    config, data, num_keypoints, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('LOCAL_RANK', '0')
    (tmp_path / 'configs').symlink_to(REPO / 'configs')
    for name in (config, 'my_keypoints.py'):
        (tmp_path / name).write_text(documented(name))
    write_data(tmp_path / data, num_keypoints)
    monkeypatch.setattr(sys, 'argv', ['train.py', config, '--cfg-options', *SHORT_RUN])
    run_host_tool('train.py')

    work_dir = tmp_path / 'work_dirs' / Path(config).stem
    checkpoint = torch.load(work_dir / 'epoch_1.pth', weights_only=True)
    assert checkpoint['meta']['iter'] == 1
    assert checkpoint['meta']['dataset_meta']['num_keypoints'] == num_keypoints
    (log,) = work_dir.glob('*/*.log')
    assert 'coco/AP: ' in log.read_text()
