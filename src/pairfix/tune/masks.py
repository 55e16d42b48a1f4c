"""Which parts of real pairs count as sharp, as pictures (torch)."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from pairfix.formats.atomic import replacing
from pairfix.model.model import Model
from pairfix.train.maskpicture import mask_picture
from pairfix.train.subsampling import pick
from pairfix.train.transfer import load_fusion

__all__ = ["write_masks"]


@torch.no_grad()
def write_masks(pieces: Mapping[str, Tensor], model: Model, folder: Path) -> None:
    """Write one PNG for each piece, as the sub-sampler's upper left pixels show it.

    Args:
        pieces: ``n x C x s x s`` by the names of `pairfix.networks.Graph.inputs`.
        model: What restores them.
        folder: An existing folder; pictures of earlier runs are replaced.

    Raises:
        OutputError: A picture cannot be written.
    """
    fusion = load_fusion(model).to(pieces["short"].device)
    for number in range(len(pieces["short"])):
        piece = {name: tensor[number : number + 1] for name, tensor in pieces.items()}
        _, _, height, width = piece["short"].shape
        places = torch.zeros(1, height // 2, width // 2, dtype=torch.long)
        seen = {name: pick(tensor, places.to(tensor.device)) for name, tensor in piece.items()}
        picture = mask_picture(seen["long"][0], fusion(seen)[0], model.domain)
        with replacing(folder / f"mask-{number:03}.png", overwrite=True) as file:
            file.write(picture)
