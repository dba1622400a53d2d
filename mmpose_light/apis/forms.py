"""A built model as it is tested: the form of its network, and the metadata of that."""

from typing import Any

from mmengine.dataset import Compose
from mmpose.datasets.transforms import GetBBoxCenterScale, TopdownAffine
from mmpose.utils.typing import ConfigType
from torch import nn

from ..deploy.forms import SPLIT_RATIO, ExportForm, check_topdown, normalization
from ..deploy.metadata import Metadata, describe_dataset
from ..utils.errors import UserError

#: What a test pipeline may consist of: all that metadata can tell.
TRANSFORMS = ('LoadImage', 'GetBBoxCenterScale', 'TopdownAffine', 'PackPoseInputs')


def make_form(network: nn.Module, **options: Any) -> ExportForm:
    """Give a network the form in which it is run, of the size that its config tells.

    Args:
        network (nn.Module): What :func:`~mmpose_light.apis.models.load_model` returned.
        **options (Any): Further arguments of
            :class:`~mmpose_light.deploy.forms.ExportForm`.

    Returns:
        ExportForm: It holds the network.

    Raises:
        UserError: If the model or its test pipeline cannot have such a form.
    """
    check_topdown(network)
    _, affine = _find_transforms(network.cfg)
    return ExportForm(network, tuple(map(int, affine.input_size)), **options)


def describe_form(form: ExportForm, **about: Any) -> Metadata:
    """Gather what an exported file is to say about itself.

    Args:
        form (ExportForm): The form of its network.
        **about (Any): What the form does not tell: ``model``, ``precision`` and
            perhaps ``keypoint_threshold`` of
            :class:`~mmpose_light.deploy.metadata.Metadata`.

    Raises:
        UserError: If its test pipeline or its keypoints are such as no metadata can
            tell.
    """
    config = form.model.cfg
    boxing, affine = _find_transforms(config)
    dataset = describe_dataset(form.model.dataset_meta)
    if form.keypoints != len(dataset['keypoint_names']):
        raise UserError(
            f'the head gives {form.keypoints} keypoints, and the data set '
            f'{dataset["dataset"]} has {len(dataset["keypoint_names"])}'
        )
    decoder = config.model.head.get('decoder')
    if decoder is None:
        raise UserError('the head has no decoder, which tells how its outputs are read')
    codec = decoder.to_dict()
    if form.output != form.native:
        codec = dict(
            type='SimCCLabel',
            input_size=list(form.input_size),
            simcc_split_ratio=SPLIT_RATIO,
        )
    mean, std = normalization(form.model)
    return Metadata(
        input_size=form.input_size,
        channels=form.channels,
        preprocess=form.preprocess,
        mean=mean,
        std=std,
        output=form.output,
        codec=codec,
        box_padding=float(boxing.padding),
        use_udp=bool(affine.use_udp),
        **dataset,
        **about,
    )


def _find_transforms(
    config: ConfigType,
) -> tuple[GetBBoxCenterScale, TopdownAffine]:
    """Return the transforms that cut people out when a model is tested."""
    found = {
        type(transform).__name__: transform
        for transform in Compose(config.test_dataloader.dataset.pipeline).transforms
    }
    if set(found) != set(TRANSFORMS):
        raise UserError(
            f'the test pipeline consists of {list(found)}, and metadata can '
            f'only tell about {list(TRANSFORMS)}'
        )
    return found['GetBBoxCenterScale'], found['TopdownAffine']
