"""A run over images and videos: what is written of each, and what is noted."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..deploy.drawing import draw_skeletons
from ..utils.errors import UserError
from ..utils.files import write_json
from ..utils.image_reading import decode_image
from ..utils.overlap import WriteBehind, read_ahead
from ..utils.video_reading import (
    VideoInfo,
    check_count,
    describe_video,
    is_camera,
    read_frames,
)
from .given_boxes import GivenBoxes
from .outputs import (
    NOT_FINITE,
    VideoFile,
    describe_people,
    name_image,
    show_image,
    write_image,
)
from .people import NOBODY, People, PoseModel
from .tracking import PoseTracker, track_people

#: Told how far a run is: of what, how many are done, how many there are.
ReportProgress = Callable[[str, int, int], None]


@dataclass
class Inference:
    """What a run did.

    Attributes:
        names (dict[str, str]): The name of each input's results, without suffix.
        skipped (dict[str, str]): Inputs that came to nothing, or not to all that they
            should, and why.
        people (dict[str, int]): The number of people found, by input; for a video,
            over all its frames.
        boxes (GivenBoxes, optional): The given boxes, and what was left out of them.
    """

    names: dict[str, str]
    skipped: dict[str, str] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    boxes: GivenBoxes | None = None


@dataclass
class Run:
    """A run over images and videos.

    Attributes:
        model (PoseModel): What estimates poses.
        estimate (Callable): Takes it and numbered images, gives them with their people.
        drawing (dict): How keypoints are drawn: further arguments of
            :func:`draw_skeletons`.
        done (Inference): What was done so far.
        drawn_dir (Path, optional): Folder of what is drawn.
        json_dir (Path, optional): Folder of the json files.
        progress (Callable): Told how far the run is.
        make_tracker (Callable, optional): Takes a video's ``frame_rate``, and returns
            what follows its people; ``None`` where each frame is searched. Cameras need
            it.
        show (bool): Whether what is drawn is shown, too.
    """

    model: PoseModel
    estimate: Callable[..., Iterator]
    drawing: dict[str, float]
    done: Inference
    drawn_dir: Path | None
    json_dir: Path | None
    progress: ReportProgress
    make_tracker: Callable[..., PoseTracker] | None = None
    show: bool = False

    def all(self, images: Sequence[str], videos: Sequence[str]) -> None:
        """Run all inputs whose results have a name."""
        try:
            self.images([path for path in images if path in self.done.names])
            for path in videos:
                if path in self.done.names:
                    with self.noting(path):
                        self.video(path)
        except KeyboardInterrupt:
            finished, inputs = len(self.done.people), len(images) + len(videos)
            told = f'{finished} of {inputs} inputs are done'
            raise KeyboardInterrupt(told) from None

    @contextlib.contextmanager
    def noting(self, path: str) -> Iterator[None]:
        """Note what goes wrong with one input, and go on."""
        try:
            yield
        except UserError as error:
            self.done.skipped[path] = str(error)

    def images(self, paths: Sequence[str]) -> None:
        """Run images and note what came of each."""
        images = read_ahead(self._read(paths))
        with self._writing() as write:
            for index, image, people in self.estimate(self.model, images):
                write(self._finish_image, paths[index], image, people)
                self.progress('images', index + 1, len(paths))
        if paths:
            self.progress('images', len(paths), len(paths))

    def _writing(self) -> contextlib.AbstractContextManager[Callable]:
        """Return what makes calls, behind the run where nothing is shown."""
        if self.show:  # windows belong to the main thread
            return contextlib.nullcontext(lambda function, *args: function(*args))
        return WriteBehind()

    def _finish_image(self, path: str, image: np.ndarray, people: People) -> None:
        """Write what came of an image."""
        name = self.done.names[path]
        with self.noting(path):
            described = describe_people(people)
            drawn = self.draw(image, people)
            if self.drawn_dir:
                write_image(self.drawn_dir / name_image(path, name), drawn)
            if self.json_dir:
                write_json(self.json_dir / f'{name}.json', described, None)
            self.done.people[path] = len(described)
            if self.show and show_image('mmpose-light', drawn, wait=0):
                raise KeyboardInterrupt

    def _read(self, paths: Sequence[str]) -> Iterator[tuple[int, np.ndarray]]:
        """Read what can be read, and note what cannot."""
        color_type = self.model.color_type
        for index, path in enumerate(paths):
            try:
                image = decode_image(Path(path).read_bytes(), color_type, path)
            except (OSError, UserError) as error:
                self.done.skipped[path] = str(error)
            else:
                yield index, image

    def draw(self, image: np.ndarray, people: People) -> np.ndarray | None:
        """Draw people over their image, if anybody is to see it."""
        if self.drawn_dir or self.show:
            _, keypoints, scores, numbers = people
            skeleton = self.model.skeleton
            return draw_skeletons(
                image, keypoints, scores, skeleton, numbers=numbers, **self.drawing
            )
        return None

    def _follow(
        self, path: str, info: VideoInfo
    ) -> Iterator[tuple[int, np.ndarray, People]]:
        """Estimate the people of a video's frames."""
        frames = enumerate(read_frames(path))
        if not is_camera(path):  # whose frames are to be new
            frames = read_ahead(frames)
        if self.make_tracker is None:
            return self.estimate(self.model, frames)
        return track_people(self.model, frames, self.make_tracker(frame_rate=info.rate))

    def video(self, path: str) -> None:
        """Run a video and note what came of it, as far as it came."""
        info, name = describe_video(path), self.done.names[path]
        results = VideoResults(self, path)
        with contextlib.ExitStack() as end:
            if self.json_dir:
                file = self.json_dir / f'{name}.json'
                end.callback(write_json, file, results.frames, None)
            if self.drawn_dir:
                results.file = VideoFile(self.drawn_dir / f'{name}.mp4', info.rate)
                end.callback(results.file.close)
            write = end.enter_context(self._writing())
            for index, frame, people in self._follow(path, info):
                write(results.add, index, frame, people)
                self.progress(Path(path).name, index + 1, info.frames)
                if results.ended:
                    info = info._replace(frames=len(results.frames))
                    break
        count = sum(len(frame['instances']) for frame in results.frames)
        self.done.people[path] = count
        check_count(path, len(results.frames), info)
        if results.not_finite:
            raise UserError(
                f'frame {results.not_finite[0]} and {len(results.not_finite) - 1} '
                f'others: {NOT_FINITE}'
            )


@dataclass
class VideoResults:
    """What comes of a video, frame by frame.

    Attributes:
        run (Run): The run.
        path (str): The video.
        frames (list[dict]): The people of each frame, for the json file.
        not_finite (list[int]): The frames for which the network gave no numbers.
        file (VideoFile, optional): The video that is drawn.
        start (float, optional): When a camera's first frame was done, in seconds.
        ended (bool): Whether who looks on wants it to end.
    """

    run: Run
    path: str
    frames: list[dict] = field(default_factory=list)
    not_finite: list[int] = field(default_factory=list)
    file: VideoFile | None = None
    start: float | None = None
    ended: bool = False

    def add(self, index: int, frame: np.ndarray, people: People) -> None:
        """Add a frame."""
        try:
            described = describe_people(people)
        except UserError:
            described, people = [], NOBODY
            self.not_finite.append(index)
        self.frames.append(dict(frame_id=index, instances=described))
        drawn = self.run.draw(frame, people)
        if self.start is None and is_camera(self.path):
            self.start = time.monotonic()
        if self.file:
            self._write(drawn)
        if self.run.show:
            self.ended = show_image('mmpose-light', drawn)

    def _write(self, drawn: np.ndarray) -> None:
        """Write a drawn frame, that of a camera for as long as it took."""
        count, file, self.file = 1, self.file, None
        if self.start is not None:
            due = (time.monotonic() - self.start) * file.rate
            count = max(file.frames == 0, round(due) - file.frames)
        with self.run.noting(self.path):  # else videos cannot be written
            for _ in range(count):
                file.write(drawn)
            self.file = file
