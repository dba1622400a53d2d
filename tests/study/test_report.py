"""Table and figures from the runs' JSON files and logs."""

import json
import os
import re
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest

from mmpose_light import cli
from mmpose_light.study import make_report
from mmpose_light.study.claims import judge_claims
from mmpose_light.study.figures import draw_figures
from mmpose_light.study.intervals import (
    average_precision,
    pck,
    read_tables,
    resample,
)
from mmpose_light.study.people import PeopleResults, read_people, write_people
from mmpose_light.study.record import is_comparable, read_record, write_record
from mmpose_light.study.table import make_table, read_records

NETWORKS = {
    # title, order of the ablation, parameters, MACs, AP
    'hrnet-w32': ('HRNet-W32', None, 28_536_113, 7_646_000_000, 0.512),
    'eeffpose-p0': ('EEffPose-P0', '111', 9_007_292, 4_842_600_000, 0.523),
    'effbase': ('EffBase', '000', 3_797_279, 1_532_900_000, 0.401),
}


def make_record(name, order=0, **settings):
    title, ablation, parameters, macs, ap = NETWORKS[name]
    return dict(
        format=1,
        network=name,
        title=title,
        order=order,
        ablation=ablation,
        status='finished',
        settings=dict(
            protocol='lspet-256x192',
            optimizer='Adam',
            lr=1e-3,
            seed=0,
            precision='bfloat16',
            batch_size=64,
            iterations=200,
            epochs=2,
            train_people=7475,
            val_people=937,
            train_sha256='a',
            val_sha256='b',
            **settings,
        ),
        hardware='a GPU',
        versions=dict(mmpose_light='0.3', torch='2.11.0'),
        parameters=parameters,
        macs=macs,
        epochs=2,
        iterations=200,
        seconds=30.0,
        timed_iterations=198,
        timed_seconds=19.8,
        peak_memory=3 * 2**30,
        losses=[dict(iteration=i, loss=1 / i) for i in (50, 100, 150, 200)],
        evaluations=[
            dict(
                iteration=i,
                epoch=i // 100,
                AP=ap * i / 200,
                AP50=0.81,
                AP75=0.55,
                AR=0.6,
                PCK=0.703,
                PCK_people=820,
                PCK_left_out=117,
            )
            for i in (100, 200)
        ],
    )


@pytest.fixture
def runs(tmp_path):
    """Three runs; the study's order is not that of the names."""
    for order, name in enumerate(NETWORKS):
        write_record(tmp_path / f'{name}.json', make_record(name, order))
    return tmp_path


def write_log(run, *lines):
    """Write what MMEngine logs in a run's folder."""
    folder = run / '20240101_000000/vis_data'
    folder.mkdir(parents=True)
    text = ''.join(json.dumps(line) + '\n' for line in lines)
    (folder / 'scalars.json').write_text(text)


def trained(iteration, loss, seconds, **more):
    epoch = (iteration - 1) // 100 + 1
    steps = dict(epoch=epoch, iter=iteration, step=iteration)
    return dict(lr=1e-3, loss=loss, time=seconds, **steps, **more)


def evaluated(epoch, **results):
    metrics = {'coco/AP': 0.1, 'coco/AP .5': 0.3, 'coco/AP .75': 0.05, 'coco/AR': 0.2}
    torso = {'torso/PCK@0.2': 0.4, 'torso/people': 820.0, 'torso/left_out': 117.0}
    return metrics | torso | results | dict(step=epoch)


def test_command(repo_dir, runs, tmp_path):
    out = tmp_path / 'out'
    done = subprocess.run(
        [sys.executable, 'tools/study.py', 'report', runs, '--out-dir', out],
        cwd=repo_dir,
        env={**os.environ, 'PYTHONPATH': str(repo_dir)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    names = ['results.md', 'curves.png', 'ap_macs.png', 'ablation.png']
    assert done.stdout.split() == [str(out / name) for name in names]
    for name in names[1:]:
        assert (out / name).stat().st_size < 200_000
        image = cv2.imread(str(out / name))
        assert min(image.shape[:2]) > 200
        assert image.std() > 10
    assert (out / 'results.md').read_text() == make_table(read_records(runs))


def test_curves_show_each_networks_gain_beside_one_that_starts_from_noise():
    records = [make_record(name) for name in ('hrnet-w32', 'effbase')]
    records[0]['losses'] = [
        dict(iteration=i, loss=4e-3 * factor) for i, factor in ((50, 1.3), (200, 1))
    ]
    loss, ap = draw_figures(records)['curves.png'].axes
    lines = [line.get_ydata() for line in loss.lines]
    assert lines == [pytest.approx([1.3, 1]), pytest.approx([4, 2, 4 / 3, 1])]
    bottom, top = loss.get_ylim()
    assert bottom < 1 < 1.3 < top < 2
    assert [line.get_ydata()[-1] for line in ap.lines] == pytest.approx([51.2, 40.1])


def test_an_ablation_is_of_two_networks_or_more():
    effbase, eeffpose = make_record('effbase'), make_record('eeffpose-p0')
    assert 'ablation.png' not in draw_figures([effbase, make_record('hrnet-w32')])
    bars = draw_figures([eeffpose, effbase])['ablation.png'].axes[0].patches
    heights = [bar.get_height() for bar in bars]
    assert heights == pytest.approx([40.1, 52.3]), "in the order of the paper's table"


def test_wrong_option_gets_the_usage_of_the_subcommand(capsys):
    with pytest.raises(SystemExit):
        cli.main(['study', 'report', 'runs', '--outdir', 'x'])
    error = capsys.readouterr().err
    assert error.startswith('usage: mmpose-light study report')
    assert 'unrecognized arguments: --outdir x' in error


def test_table(runs):
    lines = make_table(read_records(runs)).splitlines()
    assert [line.split(' | ')[0] for line in lines[2:5]] == [
        '| HRNet-W32',
        '| EEffPose-P0',
        '| EffBase',
    ]
    cells = lines[2].strip('| ').split(' | ')
    assert cells == [
        'HRNet-W32', '28.54 M', '7.65 G', '51.2', '81.0', '55.0', '60.0', '70.3',
        '0.1 s', '3.0 GiB', '0.001',
    ]  # fmt: skip
    text = '\n'.join(lines)
    assert 'iterations 200, batch size 64' in text
    assert 'on 820 people; 117 have no diagonal' in text
    assert 'Hardware: a GPU. Versions: mmpose_light 0.3; torch 2.11.0.' in text
    assert 'Not comparable' not in text


def test_runs_that_are_not_finished_and_differ(runs):
    record = make_record('effbase', 2)
    record.update(status='stopped', iterations=100, peak_memory=None)
    record['settings']['iterations'] = 400
    record['settings']['train_sha256'] = 'c'
    record['evaluations'][-1].update(PCK=None)
    write_record(runs / 'effbase.json', record)
    text = make_table(read_records(runs))
    row = text.splitlines()[4]
    assert row.startswith('| EffBase (stopped, 100 of 400 iterations) |')
    assert row.endswith('| 60.0 | – | 0.1 s | – | 0.001 |')
    assert '**Not comparable**' in text
    assert 'iterations (200, 400); training data.' in text


def write_people_of(runs, name, oks):
    """Write a table of 50 people, and a record with the figures that it gives."""
    rng = np.random.default_rng(0)
    counted = np.ones((50, 12), bool)
    people = PeopleResults(
        tuple('abcdefghijkl'),
        np.arange(50),
        rng.uniform(size=50).round(3),
        np.clip(oks + 0.2 * rng.normal(size=50), 0, 1).round(3),
        np.zeros((50, 12, 2)),
        counted,
        rng.random((50, 12)) < oks,
    )
    write_people(runs / f'{name}.csv', people)
    record, once = make_record(name), np.ones((1, 50))
    (ap,) = average_precision(people.scores, people.oks, once)
    (found,) = pck(people.counted, people.found, once)
    record['evaluations'][-1].update(AP=ap, PCK=found)
    write_record(runs / f'{name}.json', record)
    return people


@pytest.fixture
def judged(runs):
    """The three runs, of which the two of a claim were evaluated person by person."""
    for name, oks in (('eeffpose-p0', 0.8), ('effbase', 0.5)):
        write_people_of(runs, name, oks)
    return runs


def test_claims(judged):
    table, *_ = make_report(judged)
    text = table.read_text()
    records = {record['network']: record for record in read_records(judged)}
    last = [records[n]['evaluations'][-1] for n in ('eeffpose-p0', 'effbase')]
    (claim,) = (line for line in text.splitlines() if line.startswith('| all three'))
    _, networks, ap, found, verdict = claim.strip('| ').split(' | ')
    assert networks == 'eeffpose-p0 – effbase'
    assert verdict == 'supported'
    for told, key in ((ap, 'AP'), (found, 'PCK')):
        value, low, high = map(float, re.findall(r'[-+][0-9.]+', told))
        assert value == pytest.approx(100 * (last[0][key] - last[1][key]), abs=0.05)
        assert 0 < low < value < high
    (row,) = (line for line in text.splitlines() if line.startswith('| EffBase'))
    assert re.search(r'\| \d+\.\d \(\d+\.\d to \d+\.\d\) \| 81\.0 \|', row)
    assert '| HRNet-W32 | 28.54 M | 7.65 G | 51.2 | 81.0 |' in text, 'has no table'

    # the other way round, and nothing between them
    for oks, verdict in ((0.5, 'contradicted'), (0.8, 'undecided')):
        write_people_of(judged, 'eeffpose-p0', oks)
        write_people_of(judged, 'effbase', 0.8)
        records = read_records(judged)
        tables = read_tables(judged, records)
        resampled = {name: resample(tables[name]) for name in tables}
        (finding,) = judge_claims(records, resampled)
        assert finding.verdict == verdict


def test_runs_that_differ_support_no_claim(judged):
    record = json.loads((judged / 'effbase.json').read_text())
    record['settings']['seed'] = 1
    write_record(judged / 'effbase.json', record)
    table, *_ = make_report(judged)
    assert 'Not comparable' in table.read_text()
    assert 'Verdict' not in table.read_text()


def test_table_of_another_run(judged, capsys):
    shutil.copy(judged / 'effbase.csv', judged / 'eeffpose-p0.csv')
    assert cli.main(['study', 'report', str(judged)]) == 2
    error = capsys.readouterr().err
    assert 'eeffpose-p0.csv gives AP ' in error
    assert '`mmpose-light study evaluate --networks eeffpose-p0`' in error
    record = json.loads((judged / 'eeffpose-p0.json').read_text())
    write_record(judged / 'eeffpose-p0.json', record | dict(status='stopped'))
    assert cli.main(['study', 'report', str(judged)]) == 0, (
        'a run that goes on has none'
    )


def test_run_without_an_evaluation(tmp_path):
    record = make_record('hrnet-w32')
    record.update(evaluations=[], losses=[], timed_seconds=0.0, timed_iterations=0)
    write_record(tmp_path / 'hrnet-w32.json', record)
    assert '| – | – | – | – | – | – |' in make_table(read_records(tmp_path))
    assert cli.main(['study', 'report', str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        'hrnet-w32.json',
        'results.md',
        'curves.png',
    }


def test_one_run_is_compared_with_nothing(tmp_path):
    write_record(tmp_path / 'hrnet-w32.json', make_record('hrnet-w32'))
    assert cli.main(['study', 'report', str(tmp_path)]) == 0
    assert (tmp_path / 'curves.png').is_file()
    assert not (tmp_path / 'ap_macs.png').exists()


def test_no_runs(tmp_path, capsys):
    assert cli.main(['study', 'report', str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert 'has no JSON files of runs: give the --work-dir' in error


def test_record_that_is_none(tmp_path):
    path, record = tmp_path / 'run.json', make_record('effbase')
    write_record(path, record | dict(format=2))
    with pytest.raises(ValueError, match='its format is 2.*move it away'):
        read_record(path)
    del record['settings']
    write_record(path, record)
    with pytest.raises(ValueError, match="'settings' is missing.*move it away"):
        read_record(path)


def test_truncated_record(runs, capsys):
    path = runs / 'effbase.json'
    path.write_text(path.read_text()[:500])
    assert cli.main(['study', 'report', str(runs)]) == 2
    error = capsys.readouterr().err
    assert f'{path} is no json file' in error
    assert 'restore it, or move it away' in error


def test_run_that_goes_on_is_read_from_its_log(runs):
    record = make_record('effbase', 2)
    record.update(
        status='running', timed_iterations=0, timed_seconds=0.0, losses=[],
        evaluations=[], peak_memory=None,
    )  # fmt: skip
    write_record(runs / 'effbase.json', record)
    write_log(
        runs / 'effbase',
        trained(50, 0.9, 7.0, memory=1000),
        trained(100, 0.8, 0.1, memory=2048),
        evaluated(1),
        trained(150, 0.7, 7.0, memory=1000),
        trained(200, 0.6, 0.3, memory=1000),
        evaluated(2, **{'coco/AP': 0.2}),
    )
    record = read_records(runs)[-1]
    assert record['losses'] == [
        dict(iteration=50 * n, loss=1 - 0.1 * n) for n in range(1, 5)
    ]
    first, second = record['evaluations']
    assert first == dict(
        iteration=100, epoch=1, AP=0.1, AP50=0.3, AP75=0.05, AR=0.2, PCK=0.4,
        PCK_people=820, PCK_left_out=117,
    )  # fmt: skip
    assert (second['iteration'], second['AP']) == (200, 0.2)
    # 50 steps of 0.1 and 50 of 0.3 s; the first line of an epoch is not timed
    row = make_table([record]).splitlines()[2]
    assert row.endswith('| 0.2 s | 2.0 GiB | 0.001 |')
    assert read_record(runs / 'effbase.json')['losses'] == [], 'the file is left'


def test_record_of_a_finished_run_needs_no_log(runs):
    write_log(runs / 'effbase', trained(50, 0.9, 7.0), evaluated(1))
    assert read_records(runs)[-1] == read_record(runs / 'effbase.json')


def test_records_of_the_repository(repo_dir, tmp_path):
    """They are of one protocol, and give the table beside them."""
    committed = repo_dir / 'docs/study/lspet-128x96'
    table, *_ = make_report(committed, tmp_path)
    assert table.read_text() == (committed / 'results.md').read_text()
    assert 'Not comparable' not in table.read_text()
    for record in read_records(committed):
        assert record['status'] == 'finished'
        people = read_people(committed / f'{record["network"]}.csv')
        assert len(people.oks) == record['settings']['val_people']


def test_record_at_another_rate(repo_dir):
    """It differs from the protocol's in the rate alone, and its table has its figures."""
    folder = repo_dir / 'docs/study/lspet-128x96-lr-scale-2'
    (record,) = records = read_records(folder)
    name = record['network']
    ordinary = read_record(repo_dir / f'docs/study/lspet-128x96/{name}.json')
    assert is_comparable(record, ordinary)
    assert record['settings']['lr'] == 2 * ordinary['settings']['lr']
    assert list(read_tables(folder, records)) == [name]


def test_report_that_is_there(tmp_path, capsys):
    runs = tmp_path
    write_record(runs / 'effbase.json', make_record('effbase'))
    command = ['study', 'report', str(runs)]
    assert cli.main(command) == 0
    (runs / 'curves.png').write_bytes(b'mine')
    assert cli.main(command) == 2
    assert 'results.md is there already' in capsys.readouterr().err
    assert (runs / 'curves.png').read_bytes() == b'mine'
    assert cli.main([*command, '--overwrite']) == 0
    assert (runs / 'curves.png').read_bytes() != b'mine'


def test_what_is_not_finite_is_null(tmp_path):
    record = make_record('effbase')
    record['evaluations'][0]['PCK'] = float('nan')
    write_record(tmp_path / 'run.json', record)
    assert read_record(tmp_path / 'run.json')['evaluations'][0]['PCK'] is None
    assert [path.name for path in tmp_path.iterdir()] == ['run.json']
