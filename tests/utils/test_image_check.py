"""Images that are missing, or stored another way than annotations tell."""

import pytest
from PIL import Image

from mmpose_light.utils.findings import Findings
from mmpose_light.utils.image_check import (
    LYING,
    OTHER_SIZE,
    TURNED,
    UNREADABLE,
    check_images,
)


def check(folder, *entries, **options):
    found = Findings()
    check_images(found, entries, folder, **options)
    return found


def save(folder, name, size=(40, 30), orientation=None):
    exif = Image.Exif()
    if orientation:
        exif[274] = orientation
    Image.new('RGB', size).save(folder / name, exif=exif)


@pytest.mark.parametrize('suffix', ['jpg', 'png', 'webp'])
@pytest.mark.parametrize(
    ('orientation', 'size', 'fault'),
    [
        (None, (40, 30), None),
        (1, (40, 30), None),
        (None, (30, 40), OTHER_SIZE),
        (None, (80, 60), OTHER_SIZE),
        (6, (30, 40), None),
        (6, (40, 30), LYING),
        (8, (80, 60), OTHER_SIZE),
        (3, (40, 30), TURNED),
    ],
)
def test_sizes_and_orientation(tmp_path, suffix, orientation, size, fault):
    save(tmp_path, f'a.{suffix}', orientation=orientation)
    entry = dict(id=3, file_name=f'a.{suffix}', width=size[0], height=size[1])
    found = check(tmp_path, entry)
    told = found.problems + found.notes
    assert [f'1 of 1 opened images {fault}, such as id 3' in t for t in told] == [
        True for _ in ([] if fault is None else [fault])
    ]
    assert bool(found.notes) == (fault == TURNED)


def test_missing_and_broken(tmp_path):
    (tmp_path / 'b').mkdir()
    save(tmp_path, 'b/a.jpg')
    (tmp_path / 'c.jpg').write_bytes(b'no image')
    names = 'b/a.jpg', 'c.jpg', 'd.jpg', 'e/f.jpg'
    found = check(tmp_path, *(dict(file_name=name) for name in names))
    missing, broken = found.problems
    assert missing.startswith(f'2 of 4 images are missing in {tmp_path}, such as')
    assert 'd.jpg' in missing
    assert f'1 of 2 opened images {UNREADABLE}' in broken


def test_how_many_are_opened(tmp_path):
    for index in range(9):
        (tmp_path / f'{index}.jpg').write_bytes(b'no image')
    entries = [dict(file_name=f'{index}.jpg') for index in range(9)]
    for opened, count in ((3, 3), (None, 9), (50, 9)):
        (problem,) = check(tmp_path, *entries, opened=opened).problems
        assert problem.startswith(f'{count} of {count} ')
    assert check(tmp_path, *entries, opened=0).problems == []


def test_what_lies_elsewhere_is_not_looked_for():
    assert check('s3://bucket/images', dict(file_name='a.jpg')).problems == []
