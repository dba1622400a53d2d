"""Results person by person and pictures of poses, of small networks really trained."""

import json
import shutil

import cv2
import numpy as np
import pytest

from mmpose_light import cli
from mmpose_light.datasets.synthetic_people import write_synthetic_people
from mmpose_light.study import RunOptions, StudyData, evaluate_study, run_study
from mmpose_light.study.intervals import average_precision, pck
from mmpose_light.study.people import read_people
from mmpose_light.study.poses import choose_people
from mmpose_light.study.record import read_record
from mmpose_light.utils.errors import MissingFileError, UserError

OPTIONS = RunOptions(iterations=2, batch_size=4, workers=0)
ANNOTATIONS = 'annotations/person_keypoints_{}.json'


@pytest.fixture(scope='module')
def lone_people(tmp_path_factory):
    """Drawn people, one an image; where they lie, and the options that name them."""
    root = tmp_path_factory.mktemp('lone')
    for split, number in (('train', 4), ('val', 5)):
        write_synthetic_people(root, number, seed=2, split=split, max_people=1)
    names = ANNOTATIONS.format('train'), 'train', ANNOTATIONS.format('val'), 'val'
    words = [f'--val-ann={names[2]}', '--val-images', names[3]]
    return StudyData.below(root, *names), ['--data-root', str(root), *words]


@pytest.fixture(scope='module')
def runs(protocol, lone_people, tmp_path_factory):
    work_dir = tmp_path_factory.mktemp('runs')
    statuses = run_study(protocol, lone_people[0], work_dir, options=OPTIONS)
    assert set(statuses.values()) == {'finished'}
    return work_dir


@pytest.fixture
def trained(runs, tmp_path):
    """A work directory whose networks are trained; a copy for each test."""
    return shutil.copytree(runs, tmp_path / 'work_dir')


def test_people_one_by_one_give_the_figures_of_the_record(
    trained, protocol, lone_people, capsys
):
    _, words = lone_people
    command = ['study', 'evaluate', str(trained), '--protocol', str(protocol), *words]
    assert cli.main(command) == 0
    printed = capsys.readouterr().out
    pictures = []
    for name in ('la', 'l'):
        people = read_people(trained / f'{name}.csv')
        last = read_record(trained / f'{name}.json')['evaluations'][-1]
        ones = np.ones((1, len(people.oks)))
        (ap,) = average_precision(people.scores, people.oks, ones)
        (found,) = pck(people.counted, people.found, ones)
        assert ap == pytest.approx(last['AP'], abs=1e-4)
        assert found == pytest.approx(last['PCK'], abs=1e-4)
        assert len(people.oks) == 5
        assert f'{name}: {trained / name / "epoch_2.pth"}' in printed
    pictures.append(cv2.imread(str(trained / 'poses.png')))

    # over the annotation, without checkpoints and photographs: tables are there
    (trained / 'l' / 'epoch_2.pth').unlink()
    command[command.index('--val-images') + 1] = 'none'
    assert cli.main([*command, '--no-photographs']) == 0
    pictures.append(cv2.imread(str(trained / 'poses.png')))
    assert pictures[0].shape == pictures[1].shape
    white = [(picture.min(axis=2) > 250).mean() for picture in pictures]
    assert white[0] < 0.6 < white[1]

    # the report tells intervals
    assert cli.main(['study', 'report', str(trained)]) == 0
    assert '2,000 resamples' in (trained / 'results.md').read_text()


def test_weights_of_another_run(trained, protocol, lone_people):
    data, _ = lone_people
    record = json.loads((trained / 'la.json').read_text())
    record['evaluations'][-1]['AP'] = 0.9
    (trained / 'la.json').write_text(json.dumps(record))
    with pytest.raises(UserError, match='ended with 0.900: they are not its weights'):
        evaluate_study(trained, data, ['la'], protocol=protocol)
    assert not (trained / 'la.csv').exists()


def test_what_cannot_be_evaluated(trained, protocol, lone_people, data):
    lone, _ = lone_people
    with pytest.raises(
        UserError, match="'none' has no finished run here: give some of"
    ):
        evaluate_study(trained, lone, ['none'], protocol=protocol)
    with pytest.raises(UserError, match='is that of one network'):
        evaluate_study(trained, lone, checkpoint='a.pth', protocol=protocol)
    for networks in (['la'], []):
        (trained / 'la.csv').touch()  # a table that would be drawn
        with pytest.raises(
            UserError, match=r'not what la was validated on .*--val-ann'
        ):
            evaluate_study(trained, data, networks, protocol=protocol)
    (trained / 'la.csv').unlink()
    with pytest.raises(
        MissingFileError, match=r'val\.json does not exist: .*--val-ann'
    ):
        evaluate_study(trained, StudyData.below(trained), ['la'], protocol=protocol)
    (trained / 'la' / 'epoch_2.pth').unlink()
    with pytest.raises(MissingFileError, match='--checkpoint names them'):
        evaluate_study(trained, lone, ['la'], protocol=protocol)
    record = json.loads((trained / 'l.json').read_text())
    (trained / 'l.json').write_text(json.dumps(record | dict(status='running')))
    (trained / 'la.json').unlink()
    with pytest.raises(UserError, match='no run is finished'):
        evaluate_study(trained, lone, protocol=protocol)


def test_people_are_chosen_from_best_to_worst(trained, protocol, lone_people):
    data, _ = lone_people
    evaluate_study(trained, data, protocol=protocol)
    tables = [read_people(trained / f'{name}.csv') for name in ('la', 'l')]
    mean = (tables[0].oks + tables[1].oks) / 2
    assert mean[choose_people(tables, 3)].tolist() == [
        mean.max(),
        np.median(mean),
        mean.min(),
    ]
    assert sorted(choose_people(tables)) == list(range(5)), 'no more than there are'
