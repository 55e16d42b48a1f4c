"""Official checkpoints, whole and damaged."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pairfix.backends import choose_runtime, open_session
from pairfix.cli import run
from pairfix.errors import MissingExtraError, ModelError, OutputError
from pairfix.export import graphs, importing
from pairfix.export.folder import load_strictly
from pairfix.export.importing import import_checkpoint
from pairfix.model import Model, find_model
from pairfix.networks import NETWORKS
from tests.networks.seeded import weight

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")
pytest.importorskip("onnxscript")

Keys = dict[str, Any]
Built = dict[str, Any]

GOLDEN = {"selfir": ("selfir",), "d2hnet": ("d2hnet_deblur", "d2hnet_enhance")}
SEEDS = {"short": 1, "long": 2, "deblur": 3}


def state_dict(name: str, graph: str, **config: object) -> Keys:
    module = NETWORKS[name].modules(NETWORKS[name].config(**config))[graph]
    return {
        key: torch.from_numpy(weight(key, tuple(value.shape)))
        for key, value in module.state_dict().items()
    }


def selfir(**config: object) -> Keys:
    return state_dict("selfir", "fusion", **{"channels": 3, "width": 8, **config})


def deblur_net(**config: object) -> Keys:
    return state_dict("d2hnet", "deblur", **{"channels": 3, "width": 8, "cap": 2, **config})


def enhance_net(**config: object) -> Keys:
    """As the official release stores it: spectrally normalised, with parameters it never uses."""
    state = state_dict("d2hnet", "enhance", **{"channels": 3, "width": 8, "cap": 2, **config})
    for level in range(1, 5):
        name = f"upsample_conv{level}.conv2d.layers.0"
        plain = state.pop(f"{name}.weight")
        u = torch.nn.functional.normalize(torch.ones(len(plain)), dim=0)
        state |= {
            f"{name}.module.weight_bar": plain,
            f"{name}.module.weight_u": u,
            f"{name}.module.weight_v": torch.zeros(plain[0].numel()),
            f"{name}.module.bias": state.pop(f"{name}.bias"),
        }
    return state | {"short_conv.layers.0.bias": torch.zeros(8)}


def saved(path: Path, content: object) -> Path:
    torch.save(content, path)
    return path


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> Built:
    """What would be written, without the seconds that exporting takes."""
    caught: Built = {}

    def build(folder: Path, *rest: Any, **options: Any) -> Model:  # noqa: ANN401
        network, config, domain, states, card = rest
        modules = network.modules(config)
        for name, state in states.items():
            load_strictly(modules[name], state)
        caught.update(config=config, domain=domain, states=states, card=card, **options)
        return Model(folder.name, folder, network, config, domain, {})

    monkeypatch.setattr(importing, "build_model", build)
    return caught


def prefixed(state: Keys) -> Keys:
    return {f"module.{key}": value for key, value in state.items()}


@pytest.mark.parametrize(
    "nest",
    [
        lambda state: state,
        prefixed,
        lambda state: {"state_dict": state, "epoch": 200},
        lambda state: {"state_dict": prefixed(state), "optimizer": {"lr": 1e-4}},
        lambda state: {"model": state},
        lambda state: {"epoch": 3, "networks": {"model": prefixed(state)}},
    ],
)
def test_a_state_dict_is_found_wherever_it_lies(
    nest: Callable[[Keys], object], built: Built, tmp_path: Path
) -> None:
    state = selfir()
    import_checkpoint("selfir", [saved(tmp_path / "UNET.pth", nest(state))], tmp_path / "new")
    tensors = built["states"]["fusion"].tensors
    assert tensors.keys() == state.keys()
    for key, value in tensors.items():
        np.testing.assert_array_equal(value, state[key].numpy())


@pytest.mark.parametrize(("channels", "domain"), [(3, "srgb"), (4, "raw")])
@pytest.mark.parametrize("width", [8, 48])
def test_selfirs_configuration_is_read_from_the_shapes(
    channels: int, domain: str, width: int, built: Built, tmp_path: Path
) -> None:
    path = saved(tmp_path / "UNET.pth", selfir(channels=channels, width=width))
    import_checkpoint("selfir", [path], tmp_path / "new")
    config = built["config"]
    assert (config.channels, config.width, config.align_corners) == (channels, width, True)
    assert built["domain"] == domain


@pytest.mark.parametrize(
    "config",
    [
        {"channels": 3, "width": 8, "cap": 16},
        {"channels": 4, "width": 8, "cap": 4},
        {"channels": 3, "width": 16, "cap": 2},
        {"channels": 3, "width": 8, "cap": 1},
    ],
)
def test_d2hnets_configuration_is_read_from_the_shapes(
    config: dict[str, int], built: Built, tmp_path: Path
) -> None:
    files = [
        saved(tmp_path / "b.pkl", enhance_net(**config)),
        saved(tmp_path / "a.pkl", deblur_net(**config)),
    ]
    import_checkpoint("d2hnet", files, tmp_path / "new")
    assert built["config"] == NETWORKS["d2hnet"].config(**config)


@pytest.mark.parametrize(
    "join",
    [
        lambda deblur, enhance: {"DeblurNet": deblur, "EnhanceNet": enhance},
        lambda deblur, enhance: {
            **{f"DeblurNet.{key}": value for key, value in deblur.items()},
            **{f"EnhanceNet.{key}": value for key, value in enhance.items()},
        },
    ],
)
def test_both_networks_may_lie_in_one_file(
    join: Callable[[Keys, Keys], Keys], built: Built, tmp_path: Path
) -> None:
    path = saved(tmp_path / "both.pth", join(deblur_net(), enhance_net()))
    import_checkpoint("d2hnet", [path], tmp_path / "new")
    assert set(built["states"]) == {"deblur", "enhance"}


def test_spectral_norm_is_folded_and_what_is_never_used_is_dropped(
    built: Built, tmp_path: Path
) -> None:
    state = enhance_net()
    files = [saved(tmp_path / "a", deblur_net()), saved(tmp_path / "b", state)]
    import_checkpoint("d2hnet", files, tmp_path / "new")
    tensors = built["states"]["enhance"].tensors
    assert "short_conv.layers.0.bias" not in tensors
    name = "upsample_conv1.conv2d.layers.0"
    ratio = state[f"{name}.module.weight_bar"].numpy() / tensors[f"{name}.weight"]
    np.testing.assert_allclose(ratio, ratio.flat[0], rtol=1e-3)


def without(state: Keys, key: str) -> Keys:
    return {name: value for name, value in state.items() if name != key}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda s: without(s, "EB3.conv.bias"), r"mine\.pth lacks EB3\.conv\.bias"),
        (lambda s: without(s, "EB0.conv.weight"), r"mine\.pth: no EB0\.conv\.weight"),
        (
            lambda s: s | {"EB9.conv.bias": torch.zeros(8)},
            r"mine\.pth holds EB9\.conv\.bias,",
        ),
        (lambda s: s | {"DB1.conv1.bias": torch.zeros(9)}, r"bias is \(9,\), not \(16,\)"),
        (lambda s: s | {"DB1.conv1.bias": torch.full((16,), np.nan)}, "not finite"),
        (lambda s: s | {"EB0.conv.weight": torch.zeros(8)}, "not the shapes of SelfIR"),
        (lambda s: s | {"EB0.conv.weight": torch.zeros(8, 5, 3, 3)}, "channels must be 3 or 4"),
        (lambda s: {"a": s, "b": s}, "holds a second SelfIR"),
        (lambda _: deblur_net(), r"no weights of SelfIR; expected keys EB\.\.\., found downsample"),
        (lambda _: {"epoch": 3}, "found no tensors"),
        (lambda _: [1, 2], "found no tensors"),
        (lambda _: torch.zeros(3), "found no tensors"),
        (lambda _: SimpleNamespace(), r"is refused: it holds types\.SimpleNamespace besides"),
    ],
)
@pytest.mark.usefixtures("built")
def test_what_is_no_checkpoint_of_selfir_is_named(
    spoil: Callable[[Keys], object], message: str, tmp_path: Path
) -> None:
    path = saved(tmp_path / "mine.pth", spoil(selfir()))
    with pytest.raises(ModelError, match=message) as caught:
        import_checkpoint("selfir", [path], tmp_path / "new")
    assert str(path) in caught.value.message
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello world, not a checkpoint",
        b"PK\x03\x04" + b"\x00" * 100,
        pickle.dumps({"EB0.conv.weight": 1})[:-3],
    ],
)
def test_a_file_that_torch_cannot_read_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "mine.pth"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"mine\.pth") as caught:
        import_checkpoint("selfir", [path], tmp_path / "new")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("legacy", [True, False])
def test_a_truncated_checkpoint_is_named(legacy: bool, tmp_path: Path) -> None:  # noqa: FBT001
    path = tmp_path / "mine.pth"
    torch.save(selfir(), path, _use_new_zipfile_serialization=not legacy)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ModelError, match=r"mine\.pth is damaged"):
        import_checkpoint("selfir", [path], tmp_path / "new")


def test_a_sparse_checkpoint_is_named(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.pth", {"EB0.conv.weight": torch.eye(3).to_sparse()})
    with pytest.raises(ModelError, match=r"a\.pth is damaged, or is not a PyTorch checkpoint"):
        import_checkpoint("selfir", [path], tmp_path / "out")


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"mine\.pth cannot be read: No such file"):
        import_checkpoint("selfir", [tmp_path / "mine.pth"], tmp_path / "new")


@pytest.mark.usefixtures("built")
def test_d2hnet_needs_both_its_networks_once(tmp_path: Path) -> None:
    deblur, enhance = deblur_net(), enhance_net()
    one, other = saved(tmp_path / "one", deblur), saved(tmp_path / "other", enhance)
    with pytest.raises(ModelError, match=r"one: no EnhanceNet; pass DeblurNet\.pkl"):
        import_checkpoint("d2hnet", [one], tmp_path / "new")
    with pytest.raises(ModelError, match="other: no DeblurNet"):
        import_checkpoint("d2hnet", [other], tmp_path / "new")
    with pytest.raises(ModelError, match="one holds a second DeblurNet"):
        import_checkpoint("d2hnet", [one, other, one], tmp_path / "new")
    wide = saved(tmp_path / "wide", deblur_net(width=16))
    with pytest.raises(ModelError, match=r"wide: .* is \(.*\), not \("):
        import_checkpoint("d2hnet", [wide, other], tmp_path / "new")
    key = "upsample_conv1.conv2d.layers.0.module.weight_u"
    unfit = saved(tmp_path / "unfit", without(enhance, key))
    with pytest.raises(ModelError, match="weight_bar has no fitting weight_u"):
        import_checkpoint("d2hnet", [one, unfit], tmp_path / "new")


@pytest.mark.usefixtures("built")
def test_a_domain_that_does_not_fit_the_channels_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "UNET.pth", selfir())
    with pytest.raises(ModelError, match="take 3 channels, not the 4 of raw; pass --domain srgb"):
        import_checkpoint("selfir", [path], tmp_path / "new", domain="raw")


def test_a_network_without_an_official_release_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"a network dhn; there are some for selfir, d2hnet"):
        import_checkpoint("dhn", [], tmp_path / "new")


def test_an_existing_folder_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="--overwrite"):
        import_checkpoint("selfir", [tmp_path / "missing.pth"], tmp_path)


def test_without_pytorch_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(graphs, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'pairfix\[torch\]'"):
        import_checkpoint("selfir", [tmp_path / "missing.pth"], tmp_path / "new")


@pytest.mark.slow
@pytest.mark.parametrize("name", GOLDEN)
def test_an_imported_release_gives_its_golden_outputs_through_both_back_ends(
    name: str, shared: Path, tmp_path: Path
) -> None:
    about = json.loads((shared / "reference/golden.json").read_text(encoding="utf-8"))
    files = []
    for case in GOLDEN[name]:
        state = {k: torch.from_numpy(weight(k, tuple(s))) for k, s in about["keys"][case].items()}
        files.append(str(saved(tmp_path / f"{case}.pth", {"state_dict": prefixed(state)})))
    assert run(["models", "import", name, *files, "-o", str(tmp_path / "new"), "-q"]) == 0
    model = find_model(tmp_path / "new")
    card = (model.folder / "README.md").read_text(encoding="utf-8")
    assert all(Path(file).name in card for file in files)
    with np.load(shared / "reference/golden.npz") as arrays:
        expected = dict(zip((graph.name for graph in model.graphs), GOLDEN[name], strict=True))
        for graph in model.graphs:
            inputs = [
                np.random.default_rng(20 + SEEDS[each]).random(
                    about["input_shape"], dtype=np.float32
                )[0]
                for each in graph.inputs
            ]
            wanted = arrays[expected[graph.name]][0]
            for backend in ("torch", "onnx"):
                output = open_session(model, graph, choose_runtime(backend, "cpu", "fp32"))
                error = np.abs(output.run(inputs) - wanted).max() / np.abs(wanted).max()
                assert error < 1e-5
