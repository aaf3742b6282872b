"""The resting valence of a stored or live series: where a baseline gets its first samples."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial

from narrowcast_client.baseline import Baseline, BaselineChoice, SampleAboveRest
from narrowcast_client.http import patiently
from narrowcast_shared.archive import Archive, SessionInfo, TimeSpan
from narrowcast_shared.samples import Sample

BEGINNING = TimeSpan()


async def begin(
    choice: BaselineChoice, archive: Archive, session: SessionInfo, span: TimeSpan = BEGINNING
) -> Baseline:
    """A baseline that has seen the stored series, until rest was known or the span ended.

    Raises SettingsError where a profile is of another model, else as the archive does.
    """
    baseline = choice.begin(session.read_by)
    if baseline.known is None:
        async with aclosing(archive.pages(session, span)) as pages:
            async for page in pages:
                if any(map(baseline.learn, page)):
                    break
    return baseline


class Resting:
    """Puts the samples of a subscription above rest, wherever in the series it begins.

    Rest is learned from the series' beginning, which is asked for when the first sample is there.
    """

    def __init__(self, choice: BaselineChoice, archive: Archive, patience_s: float = 0.0) -> None:
        """`patience_s`: how long the decoder may be away while it is asked."""
        self._choice = choice
        self._archive = archive
        self._patience_s = patience_s
        self.baseline: Baseline | None = None
        """None until there is a sample."""

    async def above_rest(
        self, samples: AsyncGenerator[Sample, None]
    ) -> AsyncGenerator[SampleAboveRest, None]:
        """The samples, in order of id. Raises as `begin` does."""
        async with aclosing(samples):
            async for sample in samples:
                if self.baseline is None:
                    learn = partial(self._learn, sample.session)
                    self.baseline = await patiently(learn, self._patience_s)
                yield self.baseline.above_rest(sample)

    async def _learn(self, session: str) -> Baseline:
        return await begin(self._choice, self._archive, await self._archive.session(session))
