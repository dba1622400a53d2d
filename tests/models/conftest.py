"""What the tests of the modules share."""

import pytest
import torch


def _tensors(outputs):
    return [outputs] if isinstance(outputs, torch.Tensor) else list(outputs)


@pytest.fixture
def check_gradients():
    """Every parameter gets a finite gradient in training, and one that is not zero.

    In eval mode, where no norm layer takes the effect of a bias away.
    """

    def check(module, inputs):
        for training in (True, False):
            module.train(training)
            module.zero_grad()
            sum(
                (out * torch.randn_like(out)).sum() for out in _tensors(module(inputs))
            ).backward()
            for name, parameter in module.named_parameters():
                assert parameter.grad is not None, name
                assert parameter.grad.isfinite().all(), name
                assert training or parameter.grad.any(), name

    return check


@pytest.fixture
def check_bfloat16():
    """Under autocast to bfloat16, outputs and gradients are finite."""

    def check(module, inputs):
        module.train()
        with torch.autocast('cpu', torch.bfloat16):
            outputs = _tensors(module(inputs))
        sum(out.float().square().mean() for out in outputs).backward()
        assert all(out.isfinite().all() for out in outputs)
        assert all(p.grad.isfinite().all() for p in module.parameters())

    return check


@pytest.fixture
def randomize():
    """Give every parameter and statistic of a module a value of its own."""

    def run(module):
        with torch.no_grad():
            for name, tensor in module.state_dict().items():
                if name.endswith('running_var'):
                    tensor.uniform_(0.5, 1.5)
                elif tensor.is_floating_point():
                    tensor.add_(0.1 * torch.randn_like(tensor))
        return module

    return run
