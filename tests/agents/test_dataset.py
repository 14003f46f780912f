"""Batches as PyTorch tensors."""

import numpy as np
import torch

import neurogym as ngym


def test_tensors_are_the_arrays_in_the_same_memory():
    how = dict(batch_size=2, seq_len=30, seed=3, details=True)
    plain, tensors = (ngym.Dataset("GoNogo", tensors=on, **how)() for on in (False, True))
    for array, tensor in zip(
        [*plain[:2], *plain[2].values()], [*tensors[:2], *tensors[2].values()], strict=True
    ):
        assert isinstance(tensor, torch.Tensor)
        np.testing.assert_array_equal(array, tensor.numpy())
    data = ngym.Dataset("GoNogo", tensors=True, **how)
    array = np.zeros(4, np.float32)
    data._pool = {"ob": array}
    taken = data._take("ob", np.arange(4))
    taken[0] = 7  # it is writeable, and of its own
    assert array[0] == 0
