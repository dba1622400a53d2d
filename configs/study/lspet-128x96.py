# The study at a size that a CPU can train: a quarter of the pixels, small batches, few
# iterations. What stands in lspet-256x192.py and not here is the same.
_base_ = './lspet-256x192.py'

input_size = (96, 128)
codec = dict(
    type='MSRAHeatmap',
    input_size=input_size,
    heatmap_size=(24, 32),
    sigma=1.5,
    unbiased=True,
)
simcc = dict(input_size=input_size, sigma=(3.46, 4))
networks = {
    **{
        name: dict(model=dict(head=dict(decoder=codec)))
        for name in _base_.networks
        if name != 'rtmpose-s'
    },
    'rtmpose-s': dict(
        model=dict(
            head=dict(input_size=input_size, in_featuremap_size=(3, 4), decoder=simcc)
        )
    ),
}

affine = dict(type='TopdownAffine', input_size=input_size)
train_pipeline = [
    affine if t['type'] == 'TopdownAffine' else t for t in _base_.train_pipeline
]
val_pipeline = [
    affine if t['type'] == 'TopdownAffine' else t for t in _base_.val_pipeline
]
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))

iterations = 4200
train_cfg = dict(val_interval=3)
default_hooks = dict(checkpoint=dict(interval=1))
