"""Heatmaps over images, against MMPose's own inference and Equations 6 and 7."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from mmengine.config import Config
from mmpose.apis import inference_topdown, init_model
from PIL import Image

from mmpose_light.cli import main
from mmpose_light.visualization.heatmap_overlay import overlay_heatmaps
from mmpose_light.visualization.heatmap_pictures import (
    choose_keypoints,
    compute_heatmaps,
    visualize_heatmaps,
)
from mmpose_light.visualization.heatmaps import Heatmaps, draw_heatmaps

CODEC = dict(type='MSRAHeatmap', input_size=(64, 96), heatmap_size=(16, 24), sigma=1)
HEAD = dict(
    type='HeatmapHead',
    in_channels=8,
    out_channels=17,
    deconv_out_channels=None,
    loss=dict(type='KeypointMSELoss'),
    decoder=CODEC,
)
EEFFPOSE = dict(
    backbone=dict(type='EEffNet'),
    neck=dict(type='TFNeck', in_channels=[40, 112, 320], out_channels=8, num_blocks=1),
    head=dict(type='FAHead', in_channels=[8] * 3, out_channels=17, decoder=CODEC),
)
EFFBASE = dict(
    backbone=dict(type='EffNet'),
    neck=dict(type='BiFPN', in_channels=[40, 112, 320], out_channels=8, num_blocks=1),
    head=dict(type='FSHead', in_channels=[8] * 5, out_channels=17, decoder=CODEC),
)
KINDS = ('el_hrnet', 'eeffpose', 'effbase')
BBOX = [10, 5, 60, 75]
KEYPOINTS = ['left_wrist', 16]


def write_config(path: Path, use_udp: bool = False, **model) -> Path:
    """A config with what a picture of heatmaps takes, and no more."""
    codec = model['head'].get('decoder') or CODEC
    pipeline = [
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale'),
        dict(type='TopdownAffine', input_size=codec['input_size'], use_udp=use_udp),
        dict(type='PackPoseInputs'),
    ]
    cfg = dict(
        default_scope='mmpose',
        model=dict(
            type='TopdownPoseEstimator',
            data_preprocessor=dict(
                type='PoseDataPreprocessor',
                mean=[123.675, 116.28, 103.53],
                std=[58.395, 57.12, 57.375],
                bgr_to_rgb=True,
            ),
            test_cfg=dict(flip_test=True, flip_mode='heatmap', shift_heatmap=True),
            **model,
        ),
        train_dataloader=dict(dataset=dict(type='CocoDataset')),
        test_dataloader=dict(dataset=dict(type='CocoDataset', pipeline=pipeline)),
    )
    Config(cfg).dump(path)
    return path


class Case:
    """A small model with weights that make its heatmaps differ from place to place."""

    def __init__(self, folder: Path, kind: str, model: dict) -> None:
        self.config = write_config(folder / f'{kind}.py', **model)
        self.checkpoint = folder / f'{kind}.pth'
        torch.manual_seed(1)
        self.model = init_model(str(self.config), device='cpu')
        with torch.no_grad():
            for name, tensor in self.model.head.named_parameters():
                if name.endswith(('bn.weight', 'final_layer.weight')):
                    tensor.copy_(3 + torch.rand_like(tensor))
        torch.save(dict(state_dict=self.model.state_dict()), self.checkpoint)

    def draw(self, image, out_dir='nowhere', **options) -> Path:
        (files,) = visualize_heatmaps(
            self.config, [image], self.checkpoint, out_dir, device='cpu', **options
        )
        return files.scales

    def command(self, image, *args) -> int:
        args = [self.config, image, '--weights', self.checkpoint, *args]
        return main(['heatmaps', *map(str, args), '--device', 'cpu'])


@pytest.fixture(scope='module')
def el_hrnet(tiny_el_hrnet_extra) -> dict:
    backbone = dict(type='ELHRNet', extra=tiny_el_hrnet_extra)
    return dict(backbone=backbone, head=HEAD)


@pytest.fixture(scope='module')
def cases(tmp_path_factory, el_hrnet) -> dict[str, Case]:
    folder = tmp_path_factory.mktemp('models')
    models = dict(el_hrnet=el_hrnet, eeffpose=EEFFPOSE, effbase=EFFBASE)
    return {kind: Case(folder, kind, model) for kind, model in models.items()}


@pytest.fixture(params=KINDS)
def case(request, cases) -> Case:
    return cases[request.param]


@pytest.fixture
def small(cases) -> Case:
    return cases['el_hrnet']


@pytest.fixture(scope='module')
def photo(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp('photos') / 'b.c.png'
    small = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    cv2.imwrite(str(path), cv2.resize(small, (80, 90)))
    return path


def panels(figure) -> np.ndarray:
    """The axes of the heatmaps; (rows, columns). Those of color bars are left out."""
    axes = [axis for axis in figure.axes if len(axis.images) == 2]
    rows = axes[0].get_subplotspec().get_gridspec().nrows
    return np.array(axes, dtype=object).reshape(rows, -1)


def enlarge(maps: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Nearest neighbor, by repetition."""
    rows, cols = (new // old for new, old in zip(size, maps.shape[1:], strict=True))
    return maps.repeat_interleave(rows, 1).repeat_interleave(cols, 2)


# What is shown


def test_steps_lead_to_the_models_own_heatmap(case, photo):
    """All that is drawn, against plain convolutions and MMPose's inference."""
    model, image = case.model, cv2.imread(str(photo))
    heatmaps = compute_heatmaps(model, image, BBOX)
    shown = choose_keypoints(KEYPOINTS, heatmaps.names)
    drawn = panels(draw_heatmaps(heatmaps, shown, 'title'))

    test_cfg = model.test_cfg
    model.test_cfg = dict(output_heatmaps=True)
    (sample,) = inference_topdown(model, image, np.array([BBOX]))
    model.test_cfg = test_cfg
    expected = sample.pred_fields.heatmaps
    columns = [
        [torch.from_numpy(axis.images[1].get_array().data) for axis in column]
        for column in drawn.T
    ]
    columns = [torch.stack(column) for column in columns]
    torch.testing.assert_close(columns[-1], expected[[9, 16]])

    # Equations 6 and 7
    before = columns[:-1]
    if before:
        name = type(model.head).__name__
        join = {'FSHead': torch.sum, 'FAHead': torch.prod}[name]
        torch.testing.assert_close(join(torch.stack(before), 0), columns[-1])
        inputs = torch.from_numpy(heatmaps.crop.copy()).permute(2, 0, 1).float()
        feats = model.extract_feat(
            (inputs[None] - model.data_preprocessor.mean) / model.data_preprocessor.std
        )
        for conv, feat, maps in zip(model.head.convs, feats, before, strict=True):
            own = conv(feat)[0].detach()
            own = own.sigmoid() if name == 'FAHead' else own
            torch.testing.assert_close(enlarge(own, (24, 16))[[9, 16]], maps)

    # The keypoints, from the crop to the image.
    meta = sample.metainfo
    on_photo = heatmaps.keypoints / meta['input_size'] * meta['input_scale']
    on_photo += meta['input_center'] - meta['input_scale'] / 2
    predicted = sample.pred_instances
    np.testing.assert_allclose(on_photo, predicted.keypoints[0], atol=1e-3)
    np.testing.assert_allclose(heatmaps.scores, predicted.keypoint_scores[0], atol=1e-5)
    for row, index in zip(drawn, shown, strict=True):
        for axis in row:
            (mark,) = axis.lines
            np.testing.assert_allclose(
                np.column_stack(mark.get_data())[0], heatmaps.keypoints[index]
            )


@pytest.mark.parametrize(
    'kind, labels',
    {
        'el_hrnet': ['heatmap\n16×24'],
        'eeffpose': [
            'at 1/4 of the size\n16×24',
            'at 1/8 of the size\n8×12',
            'at 1/16 of the size\n4×6',
            'joined\n16×24',
        ],
        'effbase': [
            'at 1/4 of the size\n16×24',
            'at 1/8 of the size\n8×12',
            'at 1/16 of the size\n4×6',
            'at 1/32 of the size\n2×3',
            'at 1/64 of the size\n1×2',
            'joined\n16×24',
        ],
    }.items(),
)
def test_labels_and_values(cases, photo, kind, labels):
    heatmaps = compute_heatmaps(cases[kind].model, cv2.imread(str(photo)), BBOX)
    figure = draw_heatmaps(heatmaps, [9, 16, 0], 'a.jpg')
    drawn = panels(figure)
    assert drawn.shape == (3, len(labels))
    assert [axis.get_title() for axis in drawn[0]] == labels
    names = [axis.get_ylabel().split('\n')[0] for axis in drawn[:, 0]]
    assert names == ['left_wrist', 'right_ankle', 'nose']
    assert figure.get_suptitle() == 'a.jpg'
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        'keypoint that was found'
    ]
    # A color bar for each column, for the values of the column.
    bars = [axis for axis in figure.axes if len(axis.images) != 2]
    assert len(bars) == len(labels)
    for bar, column in zip(bars, drawn.T, strict=True):
        values = np.stack([axis.images[1].get_array() for axis in column])
        ends = [float(text.get_text()) for text in bar.get_xticklabels()]
        np.testing.assert_allclose(ends, [values.min(), values.max()], rtol=1e-3)
        for axis in column:
            assert axis.images[1].get_clim() == (values.min(), values.max())


@pytest.mark.parametrize('place', [(150, 120), (290, 210)])
@pytest.mark.parametrize(
    'codec, to_dot, to_mark',
    [
        ('MSRAHeatmap', 2, 0),  # peaks in the middle of a pixel of the heatmap
        ('UDPHeatmap', 1, 3),  # MMPose decodes to up to one pixel beside
    ],
)
def test_peak_lies_on_the_image(el_hrnet, tmp_path, codec, to_dot, to_mark, place):
    """A head that sees a white dot: heatmap, mark and dot meet in the picture."""
    codec = dict(type=codec, input_size=(192, 256), heatmap_size=(48, 64), sigma=2)
    model_cfg = dict(el_hrnet, head=dict(HEAD, decoder=codec))
    config = write_config(tmp_path / 'dot.py', **model_cfg)
    model = init_model(str(config), device='cpu')

    def find_dot(inputs):
        ys, xs = torch.where(inputs[0, 0] == inputs[0, 0].max())
        dot = np.array([[[xs.float().mean(), ys.float().mean()]]], np.float32)
        encoded = model.head.decoder.encode(dot.repeat(17, 1), np.ones((1, 17)))
        return torch.from_numpy(encoded['heatmaps'])[None]

    model.extract_feat = find_dot
    model.head.forward = lambda feats: feats

    image = np.zeros((300, 400, 3), np.uint8)
    cv2.circle(image, place, 4, (255, 255, 255), -1)
    heatmaps = compute_heatmaps(model, image, [100, 50, 320, 280])
    figure = draw_heatmaps(heatmaps, [3], '')
    axis = panels(figure)[0, 0]
    shown, heatmap = axis.images
    ys, xs = np.nonzero(shown.get_array() > 128)
    assert shown.get_array().shape == heatmaps.image.shape[:2] == (1024, 768)
    left, right, bottom, top = shown.get_extent()
    dot = (
        left + (xs.mean() + 0.5) * (right - left) / 768,
        top + (ys.mean() + 0.5) * (bottom - top) / 1024,
    )

    mark = heatmaps.keypoints[3]
    np.testing.assert_allclose(mark, dot, atol=to_dot)
    left, right, bottom, top = heatmap.get_extent()
    row, col = np.unravel_index(heatmap.get_array().argmax(), (64, 48))
    peak = (
        left + (col + 0.5) * (right - left) / 48,
        top + (row + 0.5) * (bottom - top) / 64,
    )
    np.testing.assert_allclose(peak, mark, atol=to_mark + 1e-3)

    figure.set_dpi(150)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3].astype(int)

    def color_at(x, y):
        x, y = axis.transData.transform((x, y))
        return pixels[pixels.shape[0] - 1 - int(y), int(x)]

    assert (color_at(*mark) > 230).all()  # the mark is white
    red, _, blue = color_at(mark[0] + 5, mark[1] - 5)  # high values around it
    assert red > blue + 60
    red, _, blue = color_at(10, 10)  # low ones far from it
    assert blue >= red

    # Likewise in the image of all keypoints, which is four times as large.
    ys, xs = np.nonzero(heatmaps.image[..., 0] > 128)
    large_dot = np.array([xs.mean(), ys.mean()])
    np.testing.assert_allclose(large_dot / heatmaps.enlargement, dot, atol=0.5)
    overlay = overlay_heatmaps(
        np.zeros_like(heatmaps.image),
        heatmaps.joined.numpy(),
        heatmaps.scale_factor * heatmaps.enlargement,
    )
    ys, xs = np.nonzero(overlay.any(2))
    middle = np.array([(xs.min() + xs.max()) / 2, (ys.min() + ys.max()) / 2])
    # encoders round to whole pixels of the heatmap, sixteen of the picture
    np.testing.assert_allclose(middle, large_dot, atol=16 / 2 + 1)


@pytest.mark.parametrize('use_udp', [False, True])
def test_image_is_the_crop_enlarged(el_hrnet, tmp_path, use_udp):
    """Pixel by pixel, on a ramp of colors: a pixel beside is a level off."""
    model = init_model(
        str(write_config(tmp_path / 'a.py', use_udp, **el_hrnet)), device='cpu'
    )
    columns = np.arange(0, 250, 5)
    ramp = np.zeros((60, 50, 3), np.uint8)
    ramp[..., 0], ramp[..., 2] = columns, 4 * np.arange(60)[:, None]
    heatmaps = compute_heatmaps(model, ramp, [10, 12, 40, 48])
    crop, image = heatmaps.crop.astype(int), heatmaps.image.astype(int)
    assert crop.shape == (96, 64, 3)
    assert image.shape == (11 * 96, 11 * 64, 3)
    xs, ys = (
        (np.arange(size) * step).round().astype(int)
        for size, step in zip((64, 96), heatmaps.enlargement, strict=True)
    )
    assert abs(image[ys][:, xs] - crop).max() <= 1
    assert crop[..., 2].std() > 40 < crop[..., 0].std()


def test_figure_of_constant_heatmaps():
    heatmaps = Heatmaps(
        crop=np.zeros((64, 48, 3), np.uint8),
        image=np.zeros((64, 48, 3), np.uint8),
        enlargement=np.ones(2),
        scales=[],
        joined=torch.zeros(1, 16, 12),
        keypoints=np.zeros((1, 2)),
        scores=np.zeros(1),
        names=['nose'],
        scale_factor=np.array([4, 4]),
    )
    figure = draw_heatmaps(heatmaps, [0], '')
    FigureCanvasAgg(figure).draw()
    assert panels(figure).shape == (1, 1)


# The file


def test_files(case, photo, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert case.command(photo, '--bbox', *BBOX, '--keypoints', 'nose', '9') == 0
    assert capsys.readouterr().out.endswith(
        'heatmaps in work_dirs/heatmaps/b.c.png, all keypoints at once in '
        'work_dirs/heatmaps/b.c_all.png\n'
    )
    with Image.open('work_dirs/heatmaps/b.c.png') as picture:
        columns = len(getattr(case.model.head, 'convs', [])) + 1
        assert picture.width > 300 * columns
        assert np.asarray(picture.convert('L')).std() > 20
    with Image.open('work_dirs/heatmaps/b.c_all.png') as picture:
        assert picture.size == (11 * 64, 11 * 96)
    assert len(list(Path('work_dirs/heatmaps').iterdir())) == 2


def test_several_images(small, photo, tmp_path, capsys):
    """Options may stand between model and images."""
    other = tmp_path / 'other.png'
    other.write_bytes(photo.read_bytes())
    args = [small.config, '--weights', small.checkpoint, '--keypoints', 'nose']
    args += ['--out-dir', tmp_path / 'out', photo, other]
    assert main(['heatmaps', *map(str, args)]) == 0
    names = {path.name for path in (tmp_path / 'out').iterdir()}
    assert names == {'b.c.png', 'b.c_all.png', 'other.png', 'other_all.png'}
    one, two = (Image.open(tmp_path / f'out/{n}_all.png') for n in ('b.c', 'other'))
    assert (np.asarray(one) == np.asarray(two)).all()
    out = capsys.readouterr().out
    assert 'out/b.c.png' in out and 'out/other.png' in out


def test_the_whole_image_by_default(small, photo, tmp_path):
    whole = small.draw(photo, tmp_path / 'whole', keypoints=[5])
    given = small.draw(photo, tmp_path / 'a', bbox=[0, 0, 80, 90], keypoints=[5])
    assert (np.asarray(Image.open(whole)) == np.asarray(Image.open(given))).all()


def test_files_are_replaced_only_when_asked(small, photo, tmp_path, capsys):
    out = small.draw(photo, tmp_path, keypoints=[0])
    before, overlay = Image.open(out).size, tmp_path / 'b.c_all.png'
    whole = overlay.read_bytes()
    assert small.command(photo, '--out-dir', tmp_path) == 2
    assert 'b.c.png is there already' in capsys.readouterr().err
    out.unlink()
    assert small.command(photo, '--out-dir', tmp_path) == 2
    assert 'b.c_all.png is there already' in capsys.readouterr().err
    assert overlay.read_bytes() == whole
    options = dict(keypoints=[0, 1], bbox=BBOX, overwrite=True)
    assert small.draw(photo, tmp_path, **options) == out
    assert Image.open(out).height > before[1]
    assert overlay.read_bytes() != whole


def test_an_image_is_never_drawn_over(small, photo, tmp_path, capsys):
    assert small.command(photo, '--out-dir', photo.parent, '--overwrite') == 2
    assert 'b.c.png is an image to draw' in capsys.readouterr().err
    twin = tmp_path / 'b.c.jpg'
    twin.write_bytes(photo.read_bytes())
    with pytest.raises(ValueError, match='images of the same name one by one'):
        visualize_heatmaps(small.config, [photo, twin], None, tmp_path / 'out')
    with pytest.raises(ValueError, match='one bbox for 2 images'):
        visualize_heatmaps(small.config, [photo, twin], small.checkpoint, bbox=BBOX)
    assert not (tmp_path / 'out').exists()


# Which keypoints, whose weights


NAMES = ['nose', 'eye', 'ear', 'wrist', 'hip', 'knee', 'ankle', '0']


@pytest.mark.parametrize(
    'wanted, indices',
    [
        (['wrist', 'nose'], [3, 0]),
        (['5', 'wrist', 3, 'wrist'], [5, 3]),
        (['0'], [7]),  # a name goes before an index
        ('hip', [4]),
        (['all'], list(range(8))),
        (None, [0, 1, 3, 4, 6, 7]),
    ],
)
def test_choose_keypoints(wanted, indices):
    assert choose_keypoints(wanted, NAMES) == indices


def test_few_keypoints():
    assert choose_keypoints(None, NAMES[:2]) == [0, 1]


@pytest.mark.parametrize('wanted', [['chin'], ['nose', 8], [-1], [1.5], []])
def test_unknown_keypoints(wanted):
    with pytest.raises(ValueError, match=r'keypoint.*: give some of 0 nose, 1 eye'):
        choose_keypoints(wanted, NAMES)


def test_checkpoint_tells_the_names(small, photo, tmp_path):
    content = torch.load(small.checkpoint)
    id2name = dict(small.model.dataset_meta['keypoint_id2name'])
    id2name[0] = 'snout'
    meta = dict(small.model.dataset_meta, keypoint_id2name=id2name)
    checkpoint = tmp_path / 'dogs.pth'
    torch.save(dict(content, meta=dict(dataset_meta=meta)), checkpoint)
    dogs = small.config, [photo], checkpoint
    visualize_heatmaps(*dogs, tmp_path / 'a', keypoints=['snout'], device='cpu')
    with pytest.raises(ValueError, match="'nose' is unknown: give some of 0 snout"):
        visualize_heatmaps(*dogs, tmp_path / 'b', keypoints=['nose'], device='cpu')


def test_random_weights(small, photo, tmp_path):
    args = [small.config, photo, '--out-dir', tmp_path, '--keypoints', 'nose']
    with pytest.warns(RuntimeWarning, match='weights are random'):
        assert main(['heatmaps', *map(str, args)]) == 0
    assert (tmp_path / 'b.c.png').is_file()


# Errors


@pytest.mark.parametrize(
    'bbox',
    [
        (80, 0, 120, 50),
        (-20, 0, 0, 50),
        (10, 90, 20, 100),
        (50, 10, 20, 60),
        (20, 60, 50, 10),
        (10, 10, 10, 20),
        (0, 0, float('nan'), 50),
        (0, 0, float('inf'), 50),
        (0, 0, 50),
    ],
)
def test_bbox_that_is_none(small, photo, bbox):
    with pytest.raises(ValueError, match=r'no box in the image of 80×90 pixels'):
        small.draw(photo, bbox=bbox)


def test_bbox_in_part_outside(small, photo, tmp_path):
    out = small.draw(photo, tmp_path, bbox=[-9, 5, 99, 70], keypoints=[0])
    assert out.is_file()


def test_image_that_cannot_be_read(small, photo, tmp_path, capsys):
    assert small.command(tmp_path / 'none.png') == 2
    assert 'none.png does not exist' in capsys.readouterr().err
    for name, content in {
        'cut.png': photo.read_bytes()[:300],
        'text.jpg': b'no picture',
        'empty.png': b'',
    }.items():
        (tmp_path / name).write_bytes(content)
        assert small.command(tmp_path / name) == 2
        assert f'{name} cannot be read: ' in capsys.readouterr().err


def test_wrong_files(small, cases, photo, tmp_path):
    def draw(config, checkpoint):
        visualize_heatmaps(config, [photo], checkpoint, tmp_path / 'out')

    with pytest.raises(ValueError, match='does not fit the model .* with ELHRNet'):
        draw(small.config, cases['effbase'].checkpoint)
    with pytest.raises(FileNotFoundError, match=r'.*no\.py does not exist'):
        draw(tmp_path / 'no.py', small.checkpoint)
    with pytest.raises(FileNotFoundError, match=r'no\.pth does not exist'):
        draw(small.config, tmp_path / 'no.pth')
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    'head, message',
    [
        (
            dict(
                type='RegressionHead',
                in_channels=8,
                num_joints=17,
                loss=dict(type='SmoothL1Loss'),
                decoder=dict(type='RegressionLabel', input_size=(64, 96)),
            ),
            'with head RegressionHead: only top-down models with a HeatmapHead',
        ),
        (
            dict(
                HEAD,
                out_channels=51,
                decoder=dict(
                    CODEC, type='UDPHeatmap', heatmap_type='combined', sigma=2
                ),
            ),
            r'shape \(1, 51, 24, 16\) for 17 keypoints',
        ),
    ],
)
@pytest.mark.filterwarnings('ignore:no checkpoint')
def test_head_without_heatmaps(el_hrnet, photo, tmp_path, head, message):
    config = write_config(tmp_path / 'a.py', **dict(el_hrnet, head=head))
    with pytest.raises(ValueError, match=message):
        visualize_heatmaps(config, [photo], None, tmp_path / 'out', device='cpu')
