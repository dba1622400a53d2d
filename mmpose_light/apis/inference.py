"""A run over images and videos: what is written of each, and what is noted."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..deploy.drawing import draw_skeletons
from ..utils.errors import UserError
from ..utils.files import write_json
from ..utils.image_reading import decode_image
from ..utils.video_reading import check_count, describe_video, read_frames
from .given_boxes import GivenBoxes
from .outputs import NOT_FINITE, VideoFile, describe_people, name_image, write_image
from .people import People, PoseModel

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
    """

    model: PoseModel
    estimate: Callable[..., Iterator]
    drawing: dict[str, float]
    done: Inference
    drawn_dir: Path | None
    json_dir: Path | None
    progress: ReportProgress

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
                if self.drawn_dir:
                    file = self.drawn_dir / name_image(path, name)
                    write_image(file, self._draw(image, people))
                if self.json_dir:
                    write_json(self.json_dir / f'{name}.json', described, indent=2)
                self.done.people[path] = len(described)
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

    def _draw(self, image: np.ndarray, people: People) -> np.ndarray:
        """Draw people over their image."""
        skeleton = self.model.skeleton
        return draw_skeletons(
            image, people.keypoints, people.scores, skeleton, **self.drawing
        )

    def video(self, path: str) -> None:
        """Run a video and note what came of it, as far as it came."""
        info, name = describe_video(path), self.done.names[path]
        frames, not_finite, drawn = [], [], None
        with contextlib.ExitStack() as end:
            if self.json_dir:
                end.callback(write_json, self.json_dir / f'{name}.json', frames, 2)
            if self.drawn_dir:
                drawn = VideoFile(self.drawn_dir / f'{name}.mp4', info.rate)
                end.callback(drawn.close)
            for index, frame, people in self.estimate(
                self.model, enumerate(read_frames(path))
            ):
                try:
                    described = describe_people(people)
                except UserError:
                    described, people = [], People(*(part[:0] for part in people))
                    not_finite.append(index)
                frames.append(dict(frame_id=index, instances=described))
                if drawn:
                    drawn = self._write_frame(path, drawn, frame, people)
                self.progress(Path(path).name, len(frames), info.frames)
        self.done.people[path] = sum(len(frame['instances']) for frame in frames)
        check_count(path, len(frames), info)
        if not_finite:
            raise UserError(
                f'frame {not_finite[0]} and {len(not_finite) - 1} others: {NOT_FINITE}'
            )

    def _write_frame(
        self, path: str, video: VideoFile, frame: np.ndarray, people: People
    ) -> VideoFile | None:
        """Write a frame with its people; ``None`` where videos cannot be written."""
        with self.noting(path):
            video.write(self._draw(frame, people))
            return video
