"""Where a decoder's series are: in a file of its own, or on a bus that several decoders share."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from narrowcast_decoder.hub import Hub
from narrowcast_decoder.settings import DecoderSettings
from narrowcast_decoder.store.interface import SampleStore
from narrowcast_decoder.store.sqlite import SqliteStore
from narrowcast_shared.errors import SettingsError, install_hint
from narrowcast_shared.model_name import ModelName

if TYPE_CHECKING:
    from narrowcast_decoder.bus.listener import OnLost


class SeriesHome(Protocol):
    """A store, and the hub that spreads what comes to it."""

    @property
    def store(self) -> SampleStore:
        """Where samples are stored, here or by any decoder that shares it."""
        ...

    @property
    def hub(self) -> Hub:
        """What subscribers of this decoder follow."""
        ...

    @property
    def shown(self) -> str:
        """Where it is, for people."""
        ...

    def at_work(self, on_lost: "OnLost") -> AbstractAsyncContextManager[None]:
        """Spread meanwhile what comes, and tell of holds that other decoders took."""
        ...


class LocalHome:
    """A `SeriesHome` of one decoder alone."""

    def __init__(self, store: SampleStore, shown: str) -> None:
        self.store = store
        self.hub = Hub()
        self.shown = shown

    @asynccontextmanager
    async def at_work(self, on_lost: "OnLost") -> AsyncIterator[None]:  # noqa: ARG002 - to nobody
        yield


async def open_home(settings: DecoderSettings, model: ModelName) -> SeriesHome:
    """The home that the settings name, its store opened; what comes is read with `model`.

    Raises StoreError where that cannot be, SettingsError where the bus is wrong or cannot be used.
    """
    if settings.bus is None:
        store = await SqliteStore.open(settings.store, model=model)
        return LocalHome(store, str(settings.store))
    try:
        from narrowcast_decoder.bus.home import BusHome  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        if error.name != "valkey":
            raise
        raise SettingsError(
            "a bus needs the client library of Valkey", install_hint("bus")
        ) from None
    return await BusHome.open(settings.bus.get_secret_value(), model)
