"""The networks of the reblurring paper: their tables, and what each must not do."""

from typing import Any

import pytest

from pairfix.networks import NETWORKS

torch = pytest.importorskip("torch")

Shape = tuple[int, int, int]


def build(name: str, **overrides: Any) -> Any:  # noqa: ANN401
    """The one module of a network for RGB, with reproducible weights."""
    network = NETWORKS[name]
    torch.manual_seed(3)
    (module,) = network.modules(network.config(channels=3, **overrides)).values()
    return module.eval()


def frame(height: int, width: int) -> Any:  # noqa: ANN401
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(5))


def layers(module: Any) -> list[Any]:  # noqa: ANN401
    kinds = (torch.nn.Conv2d, torch.nn.ConvTranspose2d)
    return [layer for layer in module.modules() if isinstance(layer, kinds)]


def trace(module: Any, height: int, width: int) -> list[tuple[int, Shape]]:  # noqa: ANN401
    """Kernel and output shape of every layer in the order in which they run, but the last.

    The last one is computed by `convolve_exactly`, past its hooks.
    """
    seen: list[tuple[int, Shape]] = []
    for layer in layers(module):
        layer.register_forward_hook(
            lambda layer, _, output: seen.append((layer.kernel_size[0], tuple(output.shape[1:])))
        )
    with torch.inference_mode():
        output = module(frame(height, width))
    assert output.shape == (1, 3, height, width)
    return seen


def empty(module: Any) -> None:  # noqa: ANN401
    for value in module.parameters():
        torch.nn.init.zeros_(value)


@pytest.mark.parametrize(
    ("name", "overrides", "expected"),
    [
        # 3x64x25+64; 64x128x9+128; 128x192x9+192; 8 x 2 x (192x192x9+192); and back: 221 312;
        # 73 792; 64x3x25+3
        ("reblur-unet", {}, 4_864 + 73_856 + 221_376 + 5_311_488 + 221_312 + 73_792 + 4_803),
        # a ResBlock has 2 x (64x64x25+64)
        ("reblur-module", {"blocks": 1}, 4_864 + 204_928 + 4_803),
        ("reblur-module", {"blocks": 2}, 4_864 + 2 * 204_928 + 4_803),
        # encoders 6x32x25+32, 32x64x25+64, 64x128x25+128; six times three ResBlocks of
        # 51 264, 204 928 and 819 456; 128x64x16+64, 64x32x16+32; 32x3x25+3
        (
            "srn",
            {},
            4_832 + 51_264 + 204_928
            + 2 * 3 * (51_264 + 204_928 + 819_456)
            + 131_136 + 32_800 + 2_403,
        ),
        # four levels: 3x32x9+32, 32x64x9+64, 64x128x9+128; six times two ResBlocks of 18 496,
        # 73 856 and 295 168; 128x64x16+64, 64x32x16+32; 32x3x9+3
        (
            "dhn",
            {},
            4 * (896 + 18_496 + 73_856 + 2 * 2 * (18_496 + 73_856 + 295_168)
                 + 131_136 + 32_800 + 867),
        ),
    ],
)  # fmt: skip
def test_published_widths_have_the_parameters_of_their_tables(
    name: str, overrides: dict[str, Any], expected: int
) -> None:
    assert sum(value.numel() for value in build(name, **overrides).parameters()) == expected


def test_unet_has_the_layers_of_table_s1() -> None:
    full, half, quarter = (64, 32, 48), (128, 16, 24), (192, 8, 12)
    assert trace(build("reblur-unet"), 32, 48) == [
        (5, full),
        (3, half),
        *[(3, quarter)] * (1 + 8 * 2),
        (3, half),
        (3, full),
    ]


def test_unet_adds_what_it_saw_on_the_way_down() -> None:
    module = build("reblur-unet", width=8)
    long = frame(16, 16)
    with torch.inference_mode():
        full = module.conv1(long)
        half = module.conv2(full)
        empty(module.up2)
        torch.testing.assert_close(module(long), module.output(module.up1(half) + full))
        empty(module.up1)
        torch.testing.assert_close(module(long), module.output(full))


@pytest.mark.parametrize("blocks", [1, 2])
def test_reblurring_module_has_the_layers_of_table_s3(blocks: int) -> None:
    module = build("reblur-module", blocks=blocks)
    assert trace(module, 9, 11) == [(5, (64, 9, 11))] * (1 + 2 * blocks)
    assert {layer.stride for layer in layers(module)} == {(1, 1)}


@pytest.mark.parametrize("blocks", [1, 2])
@pytest.mark.parametrize("shift", [(1, 0), (0, 1), (1, 1)])
def test_reblurring_module_moves_with_the_picture(blocks: int, shift: tuple[int, int]) -> None:
    """Strides would treat odd and even pixels differently; away from the border nothing may."""
    module = build("reblur-module", width=8, blocks=blocks)
    reach = 4 * (blocks + 1) + 1
    picture = frame(40, 44)
    with torch.inference_mode():
        still, moved = module(picture), module(picture.roll(shift, (2, 3)))
    inside = (..., slice(reach, -reach), slice(reach, -reach))
    torch.testing.assert_close(moved[inside], still.roll(shift, (2, 3))[inside])


def test_srn_gives_its_scales_from_coarse_to_fine_and_returns_the_last() -> None:
    module = build("srn", width=4)
    with torch.inference_mode():
        scales = module.scales(frame(32, 48))
        whole = module(frame(32, 48))
    assert [tuple(scale.shape) for scale in scales] == [
        (1, 3, 8, 12),
        (1, 3, 16, 24),
        (1, 3, 32, 48),
    ]
    assert torch.equal(scales[-1], whole)


def test_srn_runs_every_layer_once_at_each_scale() -> None:
    module = build("srn", width=4)
    *hooked, _ = layers(module)
    seen = trace(module, 32, 48)
    assert len(seen) == 3 * len(hooked)
    assert seen[:: len(hooked)] == [(5, (4, 8, 12)), (5, (4, 16, 24)), (5, (4, 32, 48))]


def test_srn_lets_no_gradient_into_the_scale_before() -> None:
    scales = build("srn", width=4).scales(frame(32, 32))
    for coarse, fine in ((0, 1), (1, 2), (0, 2)):
        (gradient,) = torch.autograd.grad(
            scales[fine].mean(), scales[coarse], allow_unused=True, retain_graph=True
        )
        assert gradient is None


def test_srn_sees_the_blurry_frame_and_the_scale_before() -> None:
    module = build("srn", width=4)
    pairs: list[Any] = []
    module.encoder1.register_forward_pre_hook(lambda _, inputs: pairs.append(inputs[0]))
    long = frame(32, 32)
    with torch.inference_mode():
        coarse, middle, _ = module.scales(long)
    centres = (long[..., 1::4, 1::4] + long[..., 2::4, 1::4]) / 4
    centres += (long[..., 1::4, 2::4] + long[..., 2::4, 2::4]) / 4
    torch.testing.assert_close(pairs[0], torch.cat([centres, centres], 1))
    torch.testing.assert_close(pairs[1][:, :3], torch.nn.functional.avg_pool2d(long, 2))
    assert torch.equal(pairs[2][:, :3], long)
    for pair, before in ((pairs[1], coarse), (pairs[2], middle)):
        doubled = torch.nn.functional.interpolate(before, scale_factor=2, mode="bilinear")
        assert torch.equal(pair[:, 3:], doubled)


def test_dhn_climbs_from_level_four_to_one() -> None:
    module = build("dhn", width=4)
    ran: list[str] = []
    seen: dict[str, tuple[Any, Any]] = {}

    def note(name: str) -> Any:  # noqa: ANN401
        def hook(_: Any, inputs: tuple[Any, ...], output: Any) -> None:  # noqa: ANN401
            ran.append(name)
            seen[name] = inputs[0], output

        return hook

    for name, part in module.named_children():
        part.register_forward_hook(note(name))
    long = frame(16, 24)
    with torch.inference_mode():
        output = module(long)

    assert ran == [f"{part}coder{level}" for level in (4, 3, 2, 1) for part in ("en", "de")]
    features, result = torch.zeros(()), torch.zeros(())
    for level in (4, 3, 2, 1):
        frame_in, encoded = seen[f"encoder{level}"]
        features_in, decoded = seen[f"decoder{level}"]
        torch.testing.assert_close(frame_in, long - 0.5 + result)
        torch.testing.assert_close(features_in, encoded + features)
        features, result = features_in, decoded
    torch.testing.assert_close(output, result + 0.5)


def test_dhn_without_weights_returns_the_middle_of_the_range() -> None:
    module = build("dhn", width=4)
    empty(module)
    with torch.inference_mode():
        assert torch.equal(module(frame(8, 12)), torch.full((1, 3, 8, 12), 0.5))


def test_dhn_shares_no_weights_between_levels() -> None:
    module = build("dhn", width=4)
    parts = list(module.children())
    assert len(parts) == 8
    assert len({id(value) for part in parts for value in part.parameters()}) == sum(
        len(list(part.parameters())) for part in parts
    )


@pytest.mark.parametrize(("name", "halvings"), [("reblur-unet", 2), ("srn", 4), ("dhn", 2)])
def test_padding_keeps_every_size_on_the_grid(name: str, halvings: int) -> None:
    sizes = {shape[1:] for _, shape in trace(build(name, width=4), 48, 80)}
    assert sizes == {(48 // 2**level, 80 // 2**level) for level in range(halvings + 1)}
