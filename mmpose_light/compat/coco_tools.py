"""What MMPose asks of xtcocotools, over pycocotools.

Both descend from COCO's own tools. Where xtcocotools is more lenient or takes more, so
do these classes; AP and AR are the same figures.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import coco, cocoeval

#: How much of its box a person covers, where a data set states no area: xtcocotools'.
AREA_OF_BOX = 0.53


class COCO(coco.COCO):
    """An annotation file in COCO's layout.

    Annotations without ``iscrowd`` are no crowds, ids may be strings, area ranges
    include their lower end, and results may be none.

    Args:
        annotation_file (str, optional): The file. Defaults to ``None``
        ann_data (dict, optional): Its content, in place of a file. Defaults to
            ``None``
    """

    def __init__(
        self, annotation_file: str | None = None, *, ann_data: dict | None = None
    ) -> None:
        super().__init__(None if ann_data is not None else annotation_file)
        if ann_data is not None:
            self.dataset = ann_data
            self.createIndex()
        for annotation in self.dataset.get('annotations', ()):
            annotation.setdefault('iscrowd', False)

    def getAnnIds(
        self,
        imgIds: Any = (),
        catIds: Any = (),
        areaRng: Sequence[float] = (),
        iscrowd: bool | None = None,
    ) -> list:
        """Return the ids of the annotations that fit; see the base class."""
        if len(areaRng) > 0:
            areaRng = (np.nextafter(areaRng[0], -np.inf), areaRng[1])
        return super().getAnnIds(_listed(imgIds), _listed(catIds), areaRng, iscrowd)

    def getCatIds(self, catNms: Any = (), supNms: Any = (), catIds: Any = ()) -> list:
        """Return the ids of the categories that fit; see the base class."""
        return super().getCatIds(_listed(catNms), _listed(supNms), _listed(catIds))

    def getImgIds(self, imgIds: Any = (), catIds: Any = ()) -> list:
        """Return the ids of the images that fit; see the base class."""
        return super().getImgIds(_listed(imgIds), _listed(catIds))

    def loadRes(
        self, resFile: str | list | np.ndarray, resData: list | None = None
    ) -> coco.COCO:
        """Return results as a data set of these images.

        Args:
            resFile (str | list | np.ndarray): Their file, or the results themselves.
            resData (list, optional): The results, in place of the file's. Defaults to
                ``None``

        Returns:
            pycocotools.coco.COCO: The results, with areas and ids.
        """
        results = resFile if resData is None else resData
        if isinstance(results, str):
            results = json.loads(Path(results).read_text())
        if len(results) == 0:  # which pycocotools fails on
            return COCO(ann_data=dict(images=self.dataset['images'], annotations=[]))
        return super().loadRes(results)


class COCOeval(cocoeval.COCOeval):
    """COCO's evaluation of keypoints, of any number and with any sigmas.

    Which keypoints are labelled is counted, not read from ``num_keypoints``, and
    annotations may have any ids.

    Args:
        cocoGt (COCO, optional): The annotations. Defaults to ``None``
        cocoDt (COCO, optional): The results, as its ``loadRes`` returns them. Defaults
            to ``None``
        iouType (str): ``'keypoints'``, the one kind there is. Defaults to
            ``'keypoints'``
        sigmas (Sequence[float], optional): A keypoint's sigma each, shape (K, );
            ``None`` for COCO's 17. Defaults to ``None``
        use_area (bool): Whether to take the annotations' areas; else they are
            estimated from their boxes. Defaults to ``True``

    Raises:
        NotImplementedError: If another kind of evaluation is asked for.
    """

    def __init__(
        self,
        cocoGt: COCO | None = None,
        cocoDt: coco.COCO | None = None,
        iouType: str = 'keypoints',
        sigmas: Sequence[float] | None = None,
        use_area: bool = True,
    ) -> None:
        if iouType != 'keypoints':
            raise NotImplementedError(
                f'evaluation of {iouType!r} needs xtcocotools, which is not installed: '
                "what stands in for it knows 'keypoints' alone. xtcocotools wants "
                'numpy 1 and has wheels for Python 3.10 and 3.11: `pip install '
                'xtcocotools "numpy<2" "opencv-python<4.12"`'
            )
        super().__init__(cocoGt, cocoDt, iouType)
        self.use_area = use_area
        if sigmas is not None:
            self.params.kpt_oks_sigmas = np.asarray(sigmas)

    def _prepare(self) -> None:
        """Gather annotations and results, by image and category."""
        self._gts, self._dts = defaultdict(list), defaultdict(list)
        self.evalImgs, self.eval = defaultdict(list), {}
        for number, annotation in enumerate(self._of_these_images(self.cocoGt), 1):
            truth = dict(
                annotation,
                id=number,  # to pycocotools an id of 0 is no match
                ignore=annotation['iscrowd'] or not _has_keypoints(annotation),
            )
            if not self.use_area or 'area' not in truth:
                truth['area'] = truth['bbox'][2] * truth['bbox'][3] * AREA_OF_BOX
            self._gts[truth['image_id'], truth['category_id']].append(truth)
        for result in self._of_these_images(self.cocoDt):
            if _has_keypoints(result):
                self._dts[result['image_id'], result['category_id']].append(result)

    def _of_these_images(self, annotations: coco.COCO) -> list[dict]:
        categories = self.params.catIds if self.params.useCats else []
        return annotations.loadAnns(
            annotations.getAnnIds(imgIds=self.params.imgIds, catIds=categories)
        )


def _has_keypoints(annotation: dict) -> bool:
    """Return whether any keypoint is labelled, or predicted."""
    return any(value > 0 for value in annotation['keypoints'][2::3])


def _listed(ids: Any) -> Any:
    """Return one string as a list: pycocotools would take it for a list of letters."""
    return [ids] if isinstance(ids, str) else ids
