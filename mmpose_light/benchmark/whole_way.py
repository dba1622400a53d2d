"""The whole way from photographs to files: what a network's time comes to in use.

Every runtime gets the same photographs and boxes, and all take turns. Exported files
are SimCC files of BGR images, so that rtmlib runs the very same.
"""

import contextlib
import dataclasses
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np

from ..apis.export import export
from ..apis.given_boxes import GivenBoxes, find_boxes_by
from ..apis.inference import Inference, Run
from ..apis.inputs import find_images
from ..apis.models import find_model, load_model
from ..apis.outputs import describe_people, write_image
from ..apis.people import estimate_people, take_whole_image
from ..apis.torch_model import open_network
from ..datasets.synthetic_people import write_synthetic_people
from ..deploy.drawing import draw_skeletons
from ..deploy.runtime import ExportedModel
from ..utils.errors import UserError
from ..utils.files import check_absent, whole_file, write_json
from ..utils.image_reading import decode_image
from ..utils.threads import keep_torch_threads, set_torch_threads
from ..utils.timing import make_timed, take_turns
from .environment import describe_environment
from .progress import OnStep, Step, ignore
from .tables import make_markdown_table
from .whole_way_settings import DRAWN_IMAGES, OUT_DIR, RUNTIMES, WholeWaySettings

NAME = 'benchmark_infer'
PARTS = ('reading', 'cropping', 'network', 'decoding', 'writing', 'drawing')


@dataclass
class Way:
    """How long a model takes in a runtime, in milliseconds an image.

    Attributes:
        model (str): Its name.
        runtime (str): A key of :data:`RUNTIMES`.
        json_ms (list[float]): From files to json files, in every turn.
        pictures_ms (list[float]): With drawn pictures besides.
        parts_ms (dict[str, float]): The parts of that, one after the other: reading
            and decoding the file, cropping, the network, preparing its input and
            decoding its output, writing json, drawing and writing the picture.
    """

    model: str
    runtime: str
    json_ms: list[float] = field(default_factory=list)
    pictures_ms: list[float] = field(default_factory=list)
    parts_ms: dict[str, float] = field(default_factory=dict)


@dataclass
class Photographs:
    """Photographs with boxes.

    Attributes:
        paths (list[str]): The files.
        find_boxes (Callable): Takes number and image, returns the boxes, shape (N, 5).
    """

    paths: list[str]
    find_boxes: Callable[[int, np.ndarray], np.ndarray | None] = take_whole_image

    @classmethod
    def find(cls, settings: WholeWaySettings, folder: Path) -> 'Photographs':
        """Find those of the settings, or draw some in a folder."""
        images, ann_file = settings.images, settings.ann_file
        if not images:
            if ann_file is not None:
                raise UserError(
                    'ann_file without images: give the folder of its images'
                )
            ann_file = write_synthetic_people(folder, DRAWN_IMAGES)
            images = (str(folder / 'train'),)
        paths = find_images(images)
        if ann_file is None:
            return cls(paths)
        boxes = GivenBoxes.from_files(ann_file=ann_file)
        ids = boxes.find_ids(paths)
        known = [paths[index] for index in ids]

        def refuse(index: int, reason: str) -> None:
            raise UserError(f'image {known[index]} cannot be used: {reason}')

        return cls(known, find_boxes_by(boxes, list(ids.values()).__getitem__, refuse))


def measure_whole_way(
    settings: WholeWaySettings,
    out_dir: str | Path = OUT_DIR,
    *,
    overwrite: bool = False,
    command: str | None = None,
    on_step: OnStep = ignore,
) -> list[Way]:
    """Measure the way from image files to json files, and to pictures.

    Writes ``benchmark_infer.json`` and ``benchmark_infer.md``.

    Args:
        settings (WholeWaySettings): What to measure.
        out_dir (str | Path): Where that is written. Defaults to
            ``'work_dirs/benchmark_infer'``
        overwrite (bool): Whether to replace a benchmark that is there. Defaults to
            ``False``
        command (str, optional): The command line, for the record. Defaults to ``None``
        on_step (Callable): Is told every :class:`Step`.

    Returns:
        list[Way]: What was measured of each model in each runtime.

    Raises:
        UserError: If a model is unknown or cannot be exported, or an image cannot be
            read.
        MissingFileError: If an image or a config does not exist.
    """
    out_dir = Path(out_dir)
    check_absent(out_dir / f'{NAME}.json', overwrite)
    out_dir.mkdir(parents=True, exist_ok=True)
    run_dir = tempfile.TemporaryDirectory(prefix='run-', dir=out_dir)
    with keep_torch_threads(), run_dir:
        set_torch_threads(settings.threads)
        folder = Path(run_dir.name)
        photographs = Photographs.find(settings, folder / 'drawn')
        ways, runs = [], {}
        total = len(settings.models) * len(settings.runtimes)
        for name in settings.models:
            for runtime, opened in _open(name, settings, folder):
                way = Way(name, runtime)
                ways.append(way)
                run = _run_rtmlib if runtime == 'rtmlib' else _run
                what = opened, photographs, settings.batch_size, folder / 'out'
                for pictures in (False, True):
                    key = len(ways) - 1, pictures
                    runs[key] = make_timed(partial(run, *what, pictures), 'cpu')
                if runtime != 'rtmlib':
                    way.parts_ms = _measure_parts(*what)
                title = f'{name} in {RUNTIMES[runtime]}'
                on_step(Step('Opened', title, len(ways), total))
        turns = take_turns(runs, settings.rounds, runs=1)
        for done, (times, failures) in enumerate(turns, 1):
            for error in failures.values():
                raise error
            measured = times
            on_step(Step('Rounds', f'round {done}', done, settings.rounds))
    for (index, pictures), seconds in measured.items():
        of_one = [1000 * value / len(photographs.paths) for value in seconds]
        setattr(ways[index], 'pictures_ms' if pictures else 'json_ms', of_one)
    _write(ways, settings, len(photographs.paths), command, out_dir)
    return ways


def _open(
    name: str, settings: WholeWaySettings, folder: Path
) -> Iterator[tuple[str, Any]]:
    """Open a model in each runtime; the file that is run is written first."""
    found = find_model(name)
    file = folder / f'{found.config.stem}.onnx'
    for runtime in settings.runtimes:
        if runtime == 'torch':
            yield runtime, open_network(load_model(found.config, found.weights, 'cpu'))
            continue
        if not file.exists():
            form = dict(output='simcc', channels='bgr')
            export(name, file, threads=settings.threads, **form)
        exported = ExportedModel(
            file, 'onnxruntime' if runtime == 'rtmlib' else runtime, settings.threads
        )
        if runtime != 'rtmlib':
            yield runtime, exported
            continue
        import rtmlib

        size = exported.metadata.input_size
        with contextlib.redirect_stdout(None):  # it prints what it loads
            pose = rtmlib.RTMPose(str(file), model_input_size=size, device='cpu')
        pose.session = exported.session.session  # as many threads as the others
        yield runtime, pose


def _run(
    model: Any, photographs: Photographs, batch_size: int, folder: Path, pictures: bool
) -> None:
    """Go the whole way, as ``infer`` does."""
    paths = photographs.paths
    done = Inference({path: f'{n}' for n, path in enumerate(paths)})
    estimate = partial(
        estimate_people, find_boxes=photographs.find_boxes, batch_size=batch_size
    )
    run = Run(
        model,
        estimate,
        dict(kpt_thr=0),
        done,
        drawn_dir=folder if pictures else None,
        json_dir=folder,
        progress=lambda what, done, total: None,
    )
    run.images(paths)
    for path, reason in done.skipped.items():
        raise UserError(f'image {path} cannot be used: {reason}')


def _run_rtmlib(
    pose: Any, photographs: Photographs, batch_size: int, folder: Path, pictures: bool
) -> None:
    """Go the whole way, as a program with rtmlib does."""
    import rtmlib

    folder.mkdir(exist_ok=True)
    for index, path in enumerate(photographs.paths):
        image = cv2.imread(path)
        boxes = photographs.find_boxes(index, image)[:, :4]
        keypoints, scores = pose(image, bboxes=boxes.tolist())
        people = dict(keypoints=keypoints.tolist(), keypoint_scores=scores.tolist())
        (folder / f'{index}.json').write_text(json.dumps(people))
        if pictures:
            drawn = rtmlib.draw_skeleton(image, keypoints, scores, kpt_thr=0)
            cv2.imwrite(str(folder / f'{index}.jpg'), drawn)


class _Stopwatch:
    """Adds up the seconds of parts; a part within a part does not count for both."""

    def __init__(self) -> None:
        self.seconds = Counter()
        self._open = []

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Take the time of a part."""
        start, inner = time.perf_counter(), sum(self.seconds.values())
        try:
            yield
        finally:
            inner = sum(self.seconds.values()) - inner
            self.seconds[name] += time.perf_counter() - start - inner

    def wrap(self, name: str, function: Callable) -> Callable:
        """Return a function whose time is that of a part."""

        def timed(*args: Any) -> Any:
            with self.part(name):
                return function(*args)

        return timed


class _Timed:
    """A thing of which some methods are timed."""

    def __init__(self, thing: Any, **methods: Callable) -> None:
        self._thing = thing
        self.__dict__.update(methods)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._thing, name)


def _measure_parts(
    model: Any, photographs: Photographs, batch_size: int, folder: Path
) -> dict[str, float]:
    """Measure the parts one after the other, after a run that does not count."""
    _run(model, photographs, batch_size, folder, pictures=True)
    watch = _Stopwatch()
    session = getattr(model, 'session', None)
    estimated_by = 'decoding' if session else 'network'
    timed = _Timed(
        model,
        crop=watch.wrap('cropping', model.crop),
        estimate_crops=watch.wrap(estimated_by, model.estimate_crops),
    )

    def read() -> Iterator[tuple[int, np.ndarray]]:
        for index, path in enumerate(photographs.paths):
            with watch.part('reading'):
                content = Path(path).read_bytes()
                image = decode_image(content, model.color_type, path)
            yield index, image

    if session:
        model.session = _Timed(session, run=watch.wrap('network', session.run))
    found = estimate_people(timed, read(), photographs.find_boxes, batch_size)
    for index, image, people in found:
        with watch.part('writing'):
            write_json(folder / f'{index}.json', describe_people(people), None)
        with watch.part('drawing'):
            _, keypoints, scores, _ = people
            drawn = draw_skeletons(image, keypoints, scores, model.skeleton, kpt_thr=0)
            write_image(folder / f'{index}.jpg', drawn)
    if session:
        model.session = session
    count = len(photographs.paths)
    return {part: 1000 * watch.seconds[part] / count for part in PARTS}


def list_ways(ways: list[Way]) -> list[list[str]]:
    """List what was measured, below the heads."""
    heads = ['Network', 'Runtime', 'json', 'with pictures', *PARTS]
    rows = [[*heads, 'all but the network']]
    for way in ways:
        parts = [f'{way.parts_ms[part]:.1f}' for part in PARTS if way.parts_ms]
        beside = sum(way.parts_ms.values()) - way.parts_ms.get('network', 0)
        plain = beside - way.parts_ms.get('drawing', 0)
        whole = (f'{median(times):.1f}' for times in (way.json_ms, way.pictures_ms))
        parts = [*parts, f'{plain:.1f}, {beside:.1f}'] if parts else ['–'] * 7
        rows.append([way.model, RUNTIMES[way.runtime], *whole, *parts])
    return rows


def _write(
    ways: list[Way],
    settings: WholeWaySettings,
    images: int,
    command: str | None,
    out_dir: Path,
) -> None:
    """Write everything as json and as Markdown."""
    environment = describe_environment(command)
    content = dict(
        environment=environment,
        settings=dataclasses.asdict(settings),
        images=images,
        ways=[dataclasses.asdict(way) for way in ways],
    )
    write_json(out_dir / f'{NAME}.json', content)
    lines = [
        '# From photographs to files',
        '',
        f'Milliseconds an image, medians of {settings.rounds} turns over {images} '
        f'images, {settings.threads} threads of {environment["cpu"]}. The parts are '
        'measured one after the other; in the whole way reading and writing go on '
        'beside the network.',
        '',
        *make_markdown_table(list_ways(ways)),
    ]
    if command:
        lines += ['', f'`{command}`']
    with whole_file(out_dir / f'{NAME}.md') as part:
        part.write_text('\n'.join(lines) + '\n', encoding='utf-8')
