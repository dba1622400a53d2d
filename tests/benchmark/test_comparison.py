"""The rows of the comparison: all of what its sources tell, each once."""

from collections import Counter
from dataclasses import replace

import pytest
import yaml

from mmpose_light.benchmark.comparison import (
    COUNTED,
    list_rows,
    make_cards,
    read_counts,
)
from mmpose_light.benchmark.models import count_model, find_models
from mmpose_light.benchmark.published import COCO, MPII, list_published
from mmpose_light.benchmark.quoted import METRICS, ZOOS, Quotations


def test_every_model_is_counted(counts):
    for dataset, models in counts.items():
        assert list(models) == list(ZOOS[dataset])


@pytest.mark.parametrize(
    ('dataset', 'name'),
    [(COCO, 'small-hrnet-w16'), (COCO, 'rtmpose-t'), (MPII, 'mobilenetv2')],
)
def test_counts_are_those_of_the_models(dataset, name, counts):
    (card,) = find_models([name], zoo=ZOOS[dataset])
    assert count_model(card) == counts[dataset][name]


def test_counts_are_those_of_our_metafiles(repo_dir, counts):
    listed = {
        entry['Name']: entry['Metadata']
        for family in ('el_hrnet', 'eeffpose')
        for entry in yaml.safe_load(
            (repo_dir / 'configs' / family / 'metafile.yml').read_text('utf-8')
        )['Models']
    }
    compared = 0
    for dataset, models in counts.items():
        for card in find_models(list(models), zoo=ZOOS[dataset]):
            if card.ours:
                count, metadata = models[card.name], listed[card.config.stem]
                assert count.parameters == metadata['Parameters']
                assert count.macs == metadata['MACs']
                compared += 1
    assert compared >= 9


@pytest.mark.parametrize('dataset', METRICS)
def test_nothing_is_lost(dataset, counts, quotations):
    rows = list_rows(dataset, counts, quotations)
    shown = Counter(source for row in rows for source in row.sources)
    quoted = [q for q in quotations.rows if q.dataset == dataset]
    published = [
        result
        for card in find_models(['all'], zoo=ZOOS[dataset])
        for result in list_published(card.config)
        if result.dataset == dataset
    ]
    told = [(row.sources[0], row.metrics) for row in quoted]
    told += [(result.source, result.metrics) for result in published]
    assert shown == Counter(source for source, _ in told)
    for source, metrics in told:
        figures = {k: v for k, v in metrics.items() if k in METRICS[dataset]}
        assert any(row.metrics == figures and source in row.sources for row in rows)


def test_quoted_parameters_are_those_counted(counts, quotations):
    """So a quoted row is of the network that it is put beside."""
    linked = [q for q in quotations.rows if q.network]
    assert len(linked) > 30
    for quotation in linked:
        count = counts[COUNTED[quotation.dataset]][quotation.network]
        rounded = abs(quotation.parameters - count.parameters)
        assert rounded < 0.06e6, quotation


def test_models_of_both_papers_are_there(counts, quotations):
    labels = {
        dataset: {row.label for row in list_rows(dataset, counts, quotations)}
        for dataset in METRICS
    }
    for part in ('CPN', 'LPN', 'DANet', 'ScaleNet', 'Lightweight', '8-S Hourglass'):
        assert any(part in label for label in labels[COCO]), part
    ours = {'EL-HRNet-W32', 'EEffPose-P0', 'EEffPose-P2'}
    assert all(ours <= found for found in labels.values())
    for number in ('I', 'II', 'III', 'IV'):
        assert f'EfficientPose {number}' in labels[MPII]
    assert {'Stacked Hourglass', 'Hourglass + U-Net'} <= labels[MPII]


def test_results_that_agree_are_one_row(made_up, counts):
    first = made_up.rows[0]
    same = replace(first, sources=('again',))
    other = replace(first, sources=('other',), metrics={'AP': 74.7})
    rows = list_rows(COCO, counts, Quotations({}, [first, same, other], {}))
    hrnet = [row for row in rows if row.metrics.keys() == {'AP'}]
    assert [row.sources for row in hrnet] == [('[Tiny], Table 1', 'again'), ('other',)]
    assert {row.parameters for row in hrnet} == {counts[COCO]['hrnet-w32'].parameters}


def test_a_row_at_another_size_is_refused(made_up, counts):
    row = replace(made_up.rows[0], input_size=(288, 384))
    with pytest.raises(ValueError, match='hrnet-w32 is quoted at 384x288.*256x192'):
        list_rows(COCO, counts, Quotations({}, [row], {}))


def test_a_point_for_each_model(counts, made_up):
    rows = [r for r in list_rows(COCO, counts, made_up) if r.label == 'HRNet-W32']
    measured, quoted, large = rows[0], rows[1], rows[2]
    unknown = replace(quoted, label='CPN', parameters=None)
    cards = make_cards([quoted, unknown, large, measured])
    assert [card.label for card in cards] == ['HRNet-W32 384x288', 'HRNet-W32']
    assert all(card.ap_reproduced for card in cards), 'not what a paper quotes'
    assert cards[1].parameters == counts[COCO]['hrnet-w32'].parameters


def test_counts_that_lack_a_model(tmp_path):
    (tmp_path / 'counts.json').write_text('{"COCO val2017": {}}')
    with pytest.raises(ValueError, match=r'counts\.json does not tell el-hrnet-w32'):
        read_counts(tmp_path / 'counts.json')
