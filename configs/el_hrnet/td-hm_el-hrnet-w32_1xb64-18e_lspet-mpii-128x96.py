# EL-HRNet-W32 from scratch on LSPET and people of MPII.
_base_ = ['./td-hm_el-hrnet-w32_1xb16-9e_lspet-128x96.py', '../_base_/lspet-mpii.py']

train_cfg = dict(max_epochs=18, val_interval=6)
optim_wrapper = dict(optimizer=dict(lr=2e-3))
auto_scale_lr = dict(base_batch_size=64)
default_hooks = dict(checkpoint=dict(max_keep_ckpts=2))
custom_hooks = [
    *_base_.custom_hooks,
    dict(
        type='EMAHook',
        ema_type='ExpMomentumEMA',
        momentum=0.004,  # every 8th step, about as 0.0005 at each
        interval=8,
        update_buffers=True,
        priority=49,
    ),
]

train_dataloader = dict(
    batch_size=64,
    dataset=dict(_delete_=True, **_base_.lspet_mpii, pipeline=_base_.train_pipeline),
)
val_dataloader = dict(batch_size=64)
test_dataloader = val_dataloader
val_evaluator = _base_.limbs_evaluator
test_evaluator = val_evaluator
