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
        for index, image, people in self.estimate(self.model, self._read(paths)):
            path = paths[index]
            name = self.done.names[path]
            with self.noting(path):
                described = describe_people(people)
                drawn = self._draw(image, people)
                if self.drawn_dir:
                    write_image(self.drawn_dir / name_image(path, name), drawn)
                if self.json_dir:
                    write_json(self.json_dir / f'{name}.json', described, indent=2)
                self.done.people[path] = len(described)
                if self.show and show_image('mmpose-light', drawn, wait=0):
                    raise KeyboardInterrupt
            self.progress('images', index + 1, len(paths))
        if paths:
            self.progress('images', len(paths), len(paths))

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

    def _draw(self, image: np.ndarray, people: People) -> np.ndarray | None:
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
        if self.make_tracker is None:
            return self.estimate(self.model, frames)
        return track_people(self.model, frames, self.make_tracker(frame_rate=info.rate))

    def video(self, path: str) -> None:
        """Run a video and note what came of it, as far as it came."""
        info, name = describe_video(path), self.done.names[path]
        frames, not_finite, video = [], [], None
        start = None
        with contextlib.ExitStack() as end:
            if self.json_dir:
                end.callback(write_json, self.json_dir / f'{name}.json', frames, 2)
            if self.drawn_dir:
                video = VideoFile(self.drawn_dir / f'{name}.mp4', info.rate)
                end.callback(video.close)
            for index, frame, people in self._follow(path, info):
                try:
                    described = describe_people(people)
                except UserError:
                    described, people = [], NOBODY
                    not_finite.append(index)
                frames.append(dict(frame_id=index, instances=described))
                drawn = self._draw(frame, people)
                if start is None and is_camera(path):
                    start = time.monotonic()
                if video:
                    video = self._write_frame(path, video, drawn, start)
                if self.show and show_image('mmpose-light', drawn):
                    info = info._replace(frames=len(frames))
                    break
                self.progress(Path(path).name, len(frames), info.frames)
        self.done.people[path] = sum(len(frame['instances']) for frame in frames)
        check_count(path, len(frames), info)
        if not_finite:
            raise UserError(
                f'frame {not_finite[0]} and {len(not_finite) - 1} others: {NOT_FINITE}'
            )

    def _write_frame(
        self, path: str, video: VideoFile, drawn: np.ndarray, start: float | None
    ) -> VideoFile | None:
        """Write a frame, that of a camera for as long as it took.

        It returns ``None`` where videos cannot be written.
        """
        count = 1
        if start is not None:
            due = (time.monotonic() - start) * video.rate
            count = max(video.frames == 0, round(due) - video.frames)
        with self.noting(path):
            for _ in range(count):
                video.write(drawn)
            return video
        return None
