"""The terms of SelfIR's loss, and its sub-sampler."""

from typing import TYPE_CHECKING

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional  # noqa: E402

from pairfix.train.objectives.selfir_terms import (  # noqa: E402
    auxiliary_loss,
    draw_neighbours,
    pick,
    reconstruction_loss,
    regularisation_loss,
    sharp_patches,
)

if TYPE_CHECKING:
    from torch import Generator, Tensor


def generator(seed: int = 0) -> "Generator":
    return torch.Generator().manual_seed(seed)


def picture(*shape: int) -> "Tensor":
    """Smooth overall, with some texture."""
    smooth = torch.rand((*shape[:2], shape[2] // 16, shape[3] // 16), generator=generator(1))
    smooth = functional.interpolate(smooth, shape[2:], mode="bilinear")
    fine = torch.rand(shape, generator=generator(2))
    return 0.2 + 0.5 * smooth + 0.1 * functional.avg_pool2d(fine, 3, 1, 1)


def blurred(x: "Tensor") -> "Tensor":
    return functional.avg_pool2d(x, (1, 13), 1, (0, 6), count_include_pad=False)


def test_neighbours_are_two_pixels_of_a_cell_side_by_side() -> None:
    frames = torch.zeros(3, 4, 40, 60)
    neighbours = draw_neighbours(frames, generator())
    assert neighbours.first.shape == neighbours.second.shape == (3, 20, 30)
    rows = (neighbours.first // 2 - neighbours.second // 2).abs()
    columns = (neighbours.first % 2 - neighbours.second % 2).abs()
    assert torch.equal(rows + columns, torch.ones_like(rows))


def test_all_eight_pairs_of_neighbours_are_equally_likely() -> None:
    neighbours = draw_neighbours(torch.zeros(1, 1, 400, 400), generator())
    pairs = (4 * neighbours.first + neighbours.second).flatten().bincount(minlength=16)
    found = pairs[pairs > 0]
    assert len(found) == 8
    assert torch.allclose(found / 40_000, torch.full((8,), 1 / 8), atol=0.01)


def test_the_same_pixel_of_every_cell_is_picked_in_all_planes() -> None:
    rows, columns = torch.meshgrid(torch.arange(6.0), torch.arange(8.0), indexing="ij")
    frames = (10 * rows + columns)[None, None] + 100 * torch.arange(4.0)[None, :, None, None]
    places = draw_neighbours(frames, generator()).first
    picked = pick(frames, places)
    assert torch.equal(
        picked[:, 1:] - picked[:, :1],
        picked.new_tensor([100, 200, 300]).view(1, 3, 1, 1).expand(1, 3, 3, 4),
    )
    assert torch.equal((picked[:, 0] // 10) // 2, rows[None, ::2, ::2] // 2)
    assert torch.equal(2 * ((picked[:, 0] // 10) % 2) + picked[:, 0] % 2, places.float())


def test_a_constant_stays_constant_when_sub_sampled() -> None:
    frames = torch.full((2, 3, 8, 8), 0.25)
    neighbours = draw_neighbours(frames, generator())
    for places in (neighbours.first, neighbours.second):
        assert torch.equal(pick(frames, places), frames[..., ::2, ::2])


def test_regularisation_vanishes_where_the_network_keeps_what_it_sees() -> None:
    whole = picture(2, 4, 32, 32)
    neighbours = draw_neighbours(whole, generator())
    first, second = pick(whole, neighbours.first), pick(whole, neighbours.second)
    assert regularisation_loss(first, second, first, second).item() == 0
    assert regularisation_loss(first + 0.5, second, first, second).item() == pytest.approx(0.25)


def test_the_clean_picture_minimises_the_reconstruction_loss() -> None:
    """Neighbor2Neighbor's theorem: a filter learns from noisy pixels what it would from truth.

    Of filters that see a patch of g1 with its middle, the least squares towards g2 and towards
    the clean g1 agree, if the picture is flat within cells and the noise is white.
    """
    clean = picture(1, 1, 256, 256)[..., ::2, ::2].repeat_interleave(2, 2).repeat_interleave(2, 3)
    noisy = clean + 0.1 * torch.randn(clean.shape, generator=generator(3))
    neighbours = draw_neighbours(noisy, generator(4))
    seen = functional.unfold(pick(noisy, neighbours.first), 5, padding=2)[0].T
    filters = [
        torch.linalg.lstsq(seen, pick(frame, places).view(-1, 1)).solution
        for frame, places in ((noisy, neighbours.second), (clean, neighbours.first))
    ]
    target = pick(clean, neighbours.first).view(-1, 1)
    by_noise, by_truth, untouched = (
        reconstruction_loss(restored, target).item()
        for restored in (
            seen @ filters[0],
            seen @ filters[1],
            pick(noisy, neighbours.first).view(-1, 1),
        )
    )
    assert by_noise < 1.02 * by_truth
    assert by_noise < 0.2 * untouched


def test_sharp_patches_pass_and_blurred_ones_do_not() -> None:
    sharp = picture(1, 4, 128, 192)
    long = sharp.clone()
    long[..., :64, 64:128] = blurred(sharp)[..., :64, 64:128]
    restored = sharp.mean() + 0.995 * (sharp - sharp.mean())
    mask = sharp_patches(long, restored, similarity=0.99)
    assert mask.shape == (1, 2, 3)
    assert mask[0, 0, 1] == 0
    others = torch.cat([mask[0, 0, ::2], mask[0, 1]])
    assert ((others > 0.99) & (others < 1)).all()


def test_patches_of_less_variance_than_the_restored_picture_do_not_pass() -> None:
    sharp = picture(1, 3, 64, 64)
    softer = sharp.mean() + 0.995 * (sharp - sharp.mean())
    assert sharp_patches(sharp, softer, similarity=0.99).item() > 0.99
    assert sharp_patches(softer, sharp, similarity=0.99).item() == 0
    assert sharp_patches(sharp, sharp, similarity=0.99).item() == 0


def test_patches_shrink_to_small_pictures_and_leave_out_a_remainder() -> None:
    sharp = picture(2, 3, 48, 112)
    assert sharp_patches(sharp, sharp, similarity=0.99).shape == (2, 1, 2)


def test_how_similar_a_sharp_patch_must_be_can_be_chosen() -> None:
    sharp = picture(1, 3, 64, 64)
    softer = sharp.mean() + 0.6 * (sharp - sharp.mean())
    assert sharp_patches(sharp, softer, similarity=0.99).item() == 0
    assert 0.9 < sharp_patches(sharp, softer, similarity=0.9).item() < 0.99


def test_auxiliary_loss_counts_sharp_patches_only() -> None:
    long = picture(2, 4, 64, 128)
    restored = long.clone()
    restored[..., 64:] += 0.5
    mask = torch.tensor([[[1.0, 0.0]], [[0.0, 0.5]]])
    assert auxiliary_loss(restored, long, mask).item() == pytest.approx(0.5 * 0.25 / 2.5)
    assert auxiliary_loss(restored, long, torch.zeros(2, 1, 2)).item() == 0
    weight = torch.full_like(long, 2)
    weight[1] = 0
    weighted = auxiliary_loss(restored, long, torch.ones(2, 1, 2), weight)
    assert weighted.item() == pytest.approx(2 * 0.25 / 5)
