"""Restoring photos in memory: the stages in order, for one scene or for many."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from pairfix.adapt import ADAPT, adapt, choose_adapting_runtime, find_reblur_module
from pairfix.backends import OpenModel, Runtime, choose_runtime, settle_precision
from pairfix.errors import OutputError, PairError, PairfixError, caught
from pairfix.image import ROLES, AlignedPair, Box, Domain, Frame, Fused, Scene, SingleFrame
from pairfix.light import planes_from_frame
from pairfix.model import Model, default_model, find_model
from pairfix.output.provenance import described, how_restored, undescribed
from pairfix.output.report import Adaptation, Restoration, SceneFacts, unused_photos
from pairfix.pipeline.restored import Restored
from pairfix.progress import Progress, Timeline, no_progress
from pairfix.recipe import Recipe
from pairfix.stages.develop import DEMOSAIC_REACH
from pairfix.stages.fuse import FUSE, fuse, tiled_graphs
from pairfix.stages.grain import GRAIN, leave_grain
from pairfix.stages.part import check_crop, cut_pair, part_around, put_back
from pairfix.stages.points import POINTS, POINTS_REACH, keep_points
from pairfix.stages.prepare import Photo, Preparation, decode_photos, prepare_pair
from pairfix.stages.sharplong import SHARP_LONG, SHARP_LONG_REACH, use_sharp_long
from pairfix.stages.suitability import check_domain, check_model

__all__ = ["Restorer"]


class Restorer:
    """Restores photo after photo by one recipe."""

    def __init__(self, recipe: Recipe | None = None, *, keep_open: bool = True) -> None:
        """Choose device and model; the model is loaded when it is first needed.

        Args:
            recipe: What differs from the defaults. What it says about files (bits, quality,
                overwrite, preview, report) concerns `restore` alone.
            keep_open: Whether the model stays loaded between photos; otherwise its memory is free
                as soon as it has run.

        Raises:
            ModelError: There is no such model, it does not restore, or the recipe's strength or
                precision does not apply to it.
            DeviceError: Device, back end or precision are not available.
            MissingExtraError: The recipe needs PyTorch, which is not installed.
            OutputError: The recipe asks for an adaptation and a crop.
        """
        self.recipe = recipe or Recipe()
        if self.recipe.crop and self.recipe.adapt:
            raise OutputError(
                "the network is adapted to a whole photo, not to a crop", "leave out one of the two"
            )
        choose = choose_adapting_runtime if self.recipe.adapt else choose_runtime
        self.runtime = choose(self.recipe.backend, self.recipe.device, self.recipe.precision)
        self._chosen = None if self.recipe.model is None else find_model(self.recipe.model)
        if self._chosen is not None:
            check_model(self._chosen, len(ROLES), self.recipe.strength)
            self._runtime_of(self._chosen)
        self._open: dict[Domain, OpenModel] = {}
        self._keep_open = keep_open

    @property
    def preparation(self) -> Preparation:
        """How photos are decoded and aligned."""
        return Preparation(
            domain="srgb" if self._chosen and self._chosen.domain == "srgb" else None,
            develop=self.recipe.develop,
            align=self.recipe.align,
            keep_row_noise=self.recipe.keep_row_noise,
        )

    def check_photos(self, count: int) -> None:
        """Refuse a number of photos that the model cannot restore from.

        Raises:
            PairError: There is only one, for the default model.
            ModelError: The chosen model needs two.
        """
        if self._chosen is not None:
            check_model(self._chosen, count)
        elif count < len(ROLES):
            raise PairError(
                "the default model needs a long and a short exposure, but only one photo is given",
                "give both, or a --model that restores from one",
            )

    def restore(
        self, long: Photo, short: Photo | None = None, *, timeline: Timeline | None = None
    ) -> Restored:
        """Restore one photo in memory.

        Args:
            long: The long exposure; or the only photo, if the model takes just one. A file, or
                a frame: ``Frame(Path("long"), pixels, exposure=Exposure(0.5, 100))``.
            short: The short exposure, whose geometry the result has. None for models that take
                one photo.
            timeline: Records the stages.

        Raises:
            PairfixError: One of its kinds, each with a message for the user.
        """
        photos = [long] if short is None else [long, short]
        timeline = timeline or Timeline()
        return self.restore_scene(self.prepare(photos, timeline), timeline)

    def prepare(self, photos: Sequence[Photo], timeline: Timeline) -> Scene:
        """Decode the long and the short exposure, or the only photo, and align a pair.

        Raises:
            PairfixError: As for `restore`.
        """
        self.check_photos(len(photos))
        frames = decode_photos(photos, self.preparation, timeline)
        if self._chosen is not None:
            check_domain(self._chosen, frames[-1].domain)
        if self.recipe.crop is not None:
            check_crop(self.recipe.crop, frames[-1])
        return self._scene(frames, timeline)

    def restore_scene(self, scene: Scene, timeline: Timeline) -> Restored:
        """Restore what `prepare` made of photos.

        Raises:
            PairfixError: As for `restore`.
        """
        opened = self._opened(scene.reference.domain)
        model, runtime = opened.model, opened.runtime
        part = self._part(scene, model)
        fused, tile, adaptation = self._fuse(scene, opened, timeline, part)
        if not self._keep_open:
            self._open.clear()
            del opened
        if isinstance(scene, AlignedPair) and len(model.roles) == len(ROLES):
            fused = self._with_what_the_photos_show(scene, fused, timeline, part)
        if part is not None and self.recipe.crop is not None:
            fused = put_back(fused, scene, part, self.recipe.crop)
        share = fused.long_share
        facts = Restoration(
            SceneFacts.of(scene),
            dict(timeline.seconds),
            remarks=unused_photos(scene, model),
            model=model,
            runtime=runtime,
            tile=tile,
            adaptation=adaptation,
            crop=self.recipe.crop,
            strength=self.recipe.strength,
            ensemble=self.recipe.ensemble,
            long_share=None if share is None else float(share.mean()),
        )
        if self.recipe.metadata:
            reference, notes = described(fused.reference, how_restored(facts), datetime.now(UTC))
            facts = replace(facts, remarks=facts.remarks + notes)
        else:
            reference = undescribed(fused.reference)
        fused = replace(fused, reference=reference)
        return Restored(scene, fused, self.recipe.develop, facts)

    def restore_many(
        self,
        scenes: Iterable[Sequence[Photo]],
        *,
        progress: Progress = no_progress,
        ahead: int = 1,
    ) -> Iterator[Restored | PairfixError]:
        """Restore scene after scene in memory; the next photos are read while the network runs.

        Args:
            scenes: The long and the short exposure of each; or the only photo, for models that take
                one.
            progress: Called with a stage of the scene under way, the steps done and the steps in
                all.
            ahead: How many scenes are read ahead, at least 0; memory holds them.

        Yields:
            The restored photos in order as they are done, and in place of those that cannot be
            restored the reason.
        """
        with ThreadPoolExecutor(1, "pairfix-reader") as reader:
            upcoming: deque[Future[_Read | PairfixError]] = deque()
            for photos in scenes:
                upcoming.append(reader.submit(caught, partial(self._read, photos)))
                if len(upcoming) > ahead:
                    yield self._restored(upcoming.popleft().result(), progress)
            while upcoming:
                yield self._restored(upcoming.popleft().result(), progress)

    def _read(self, photos: Sequence[Photo]) -> "_Read":
        timeline = Timeline()
        self.check_photos(len(photos))
        return _Read(decode_photos(photos, self.preparation, timeline), timeline.seconds)

    def _restored(
        self, read: "_Read | PairfixError", progress: Progress
    ) -> Restored | PairfixError:
        if isinstance(read, PairfixError):
            return read
        timeline = Timeline(progress)
        timeline.seconds.update(read.seconds)
        return caught(partial(self.restore, *read.frames, timeline=timeline))

    def _scene(self, frames: Sequence[Frame], timeline: Timeline) -> Scene:
        if self._chosen is None or len(frames) == len(ROLES):
            long, short = frames
            return prepare_pair(long, short, self.preparation, timeline)
        (frame,) = frames
        (role,) = self._chosen.roles
        return SingleFrame(frame, role, planes_from_frame(frame))

    def _opened(self, domain: Domain) -> OpenModel:
        """The model, loaded; by default the one for the photos' domain."""
        if domain not in self._open:
            model = self._chosen or default_model(domain)
            self._open[domain] = OpenModel(model, self._runtime_of(model))
        return self._open[domain]

    def _runtime_of(self, model: Model) -> Runtime:
        """Where a model runs, in the precision that it may run in."""
        return settle_precision(self.runtime, model, self.recipe.precision)

    def _part(self, scene: Scene, model: Model) -> Box | None:
        """What has to be restored for the recipe's crop; None for the whole photo."""
        recipe = self.recipe
        if recipe.crop is None:
            return None
        raw = scene.reference.domain == "raw"
        reach = SHARP_LONG_REACH if recipe.sharp_long else 0
        if raw:
            reach += DEMOSAIC_REACH + (POINTS_REACH if recipe.points else 0)
        return part_around(recipe.crop, scene.reference, tiled_graphs(model.graphs), reach)

    def _with_what_the_photos_show(
        self, whole: AlignedPair, fused: Fused, timeline: Timeline, part: Box | None
    ) -> Fused:
        """Take from the photos what a network does worse, and the noise that is to stay."""
        pair = whole if part is None else cut_pair(whole, part)
        if self.recipe.sharp_long:
            with timeline.run(SHARP_LONG):
                fused = use_sharp_long(pair, fused, whole)
        if self.recipe.points and pair.short.bayer is not None:
            with timeline.run(POINTS):
                fused = keep_points(pair, fused, whole)
        if self.recipe.strength < 1:
            with timeline.run(GRAIN):
                fused = leave_grain(pair, fused, self.recipe.strength)
        return fused

    def _fuse(
        self, scene: Scene, opened: OpenModel, timeline: Timeline, part: Box | None
    ) -> tuple[Fused, int, Adaptation | None]:
        """The restored photo and its tiles' side; if asked for, by a network adapted to it."""
        recipe = self.recipe
        noise_factor = max(recipe.strength, 1.0)
        module = find_reblur_module(recipe.reblur_module, opened.model) if recipe.adapt else None
        with timeline.run(FUSE):
            fused, tile = fuse(
                scene,
                opened,
                tile=recipe.tile,
                noise_factor=noise_factor,
                ensemble=recipe.ensemble,
                part=part,
                progress=timeline.progress,
            )
        if module is None:
            return fused, tile, None
        with timeline.run(ADAPT):
            fused, adaptation = adapt(
                scene,
                fused,
                opened,
                module,
                steps=recipe.adapt,
                tile=tile,
                noise_factor=noise_factor,
                ensemble=recipe.ensemble,
                progress=timeline.progress,
            )
        return fused, tile, adaptation


@dataclass(frozen=True, slots=True)
class _Read:
    """Photos of one scene, and how long reading them took."""

    frames: tuple[Frame, ...]
    seconds: dict[str, float]
