"""Streams that come at their own pace: network cameras, live HLS, whatever has no end.

    reader thread: demux -> stamp on arrival -> queue of packets -> capture thread: decode -> frame

The reader never waits for whoever decodes. So a packet's arrival says when the network brought it,
however slow the detector is, and nothing piles up in sockets, where it would be read as new later:
a stream that is opened before a decoder answers is read, and forgotten, all the while.

The queue overflows by whole groups of pictures: where its oldest packet is too old to be of use,
all before its last keyframe is dropped. Frames that were captured and are not looked at, dropped or
decoded, come out as `old`, with their time and without a picture.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from narrowcast_encoder.sources.anchor import CaptureClock, Epoch, Step
from narrowcast_encoder.sources.container import VideoContainer
from narrowcast_encoder.sources.frame import CapturedFrame, FrameSource
from narrowcast_encoder.sources.picture import BgrPictures
from narrowcast_shared.errors import SourceError

logger = logging.getLogger(__name__)

MAX_OLD_S = 2.0
"""What is shown later than this after its capture is no longer live."""

MAX_WAIT_S = 1.0
"""A packet that the decoder has left waiting for so long is one of too many."""

MAX_QUEUE_BYTES = 64 << 20
MAX_DROPPED = 65536
"""Dropped packets that nobody has asked for: of half an hour. Beyond, the oldest are forgotten."""

MAX_STAMPS = 1024
"""Packets in a decoder at once are fewer by far."""

LOOK_S = 0.05
DEFAULT_PERIOD_S = 0.04

CLOSE_GRACE_S = 0.2
"""How long `close` waits for a read; one that takes longer closes the container when it is over."""

_NO_PICTURE = np.zeros((0, 0, 3), np.uint8)

_SEGMENTED = {"hls", "dash"}
_NO_TIME_STAMPS = 0x0080  # AVFMT_NOTIMESTAMPS: FFmpeg makes them up from a rate that it guesses


@dataclass
class _Stamp:
    """When a packet came, and when its picture was captured. epoch None: it carries no time."""

    arrived_s: float
    epoch: Epoch | None = None
    stream_s: float = 0.0

    def captured_s(self) -> float:
        if self.epoch is None:
            return self.arrived_s
        return min(self.arrived_s, self.epoch.captured_s(self.stream_s))

    def due_s(self, *, segmented: bool) -> float:
        if self.epoch is None or not segmented:
            return self.arrived_s
        return max(self.arrived_s, self.epoch.due_s(self.stream_s))


class _Arrival(NamedTuple):
    packet: "Packet[VideoStream]"
    stamp: _Stamp


class LiveStream(FrameSource):
    """A stream without an end, stamped with the time of capture as `clock` has it (s)."""

    live = True

    def __init__(self, container: VideoContainer, clock: Callable[[], float]) -> None:
        """It is read from now on. Whoever makes one calls `close`."""
        self._container = container
        self._clock = clock
        self._pictures = BgrPictures(container.sample_aspect)
        self._segmented = container.format_name.partition(",")[0] in _SEGMENTED
        self._period_s = container.period_s or DEFAULT_PERIOD_S
        self._without_time: deque[_Stamp] = deque(maxlen=MAX_STAMPS)  # as the first ones of rtsp
        self._stamped = not container.format_flags & _NO_TIME_STAMPS
        self._anchor = CaptureClock(segmented=self._segmented)
        self._changed = threading.Condition()  # guards what follows
        self._queue: deque[_Arrival] = deque()
        self._queue_bytes = self._keyframes = self._forgotten = 0
        self._dropped: deque[_Stamp] = deque(maxlen=MAX_DROPPED)
        self._started = self._closed = self._ended = self._wants_keyframe = False
        self._error: SourceError | None = None
        # From here on of the thread that calls `next`:
        self._decoded: deque[VideoFrame] = deque()
        self._stamps: dict[int, _Stamp] = {}
        self._last_s = float("-inf")
        self._has_frames = False
        self._told: set[Step | None] = set()
        self._reader = threading.Thread(target=self._read, name="stream reader", daemon=True)
        self._reader.start()

    def __next__(self) -> CapturedFrame:
        if not self._started:
            self._start()
        while not self._decoded:
            taken = self._take()
            if taken is None:
                raise StopIteration
            if isinstance(taken, _Stamp):
                return self._old(taken)
            self._decode(taken)
        return self._captured(self._decoded.popleft())

    def _start(self) -> None:
        """What has come so far was read for nobody."""
        with self._changed:
            self._drop_backlog(self._clock())
            self._started = True
        logger.info("%s: %d frames were left out before", self._container.name, self._forgotten)

    def interrupt(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def close(self) -> None:
        """The decoder is flushed here, the container closed by whichever thread is done last."""
        self.interrupt()
        self._reader.join(CLOSE_GRACE_S)
        self._container.flush()
        with self._changed:
            self._queue.clear()
            self._decoded.clear()
            if self._ended:
                self._container.close()

    def _read(self) -> None:
        """The reader thread."""
        try:
            for packet in self._container.packets():
                self._put(packet, self._clock())
                if self._closed:
                    break
        except SourceError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 - it is raised where frames are asked for
            self._error = SourceError(f"{self._container.name} cannot be read ({error})")
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()
                if self._closed:
                    self._container.close()

    def _put(self, packet: "Packet[VideoStream]", now_s: float) -> None:
        with self._changed:
            stamp = self._stamp(packet, now_s)
            if packet.is_keyframe:
                self._wants_keyframe = False
            elif self._wants_keyframe:
                self._drop(stamp)
                return
            self._queue.append(_Arrival(packet, stamp))
            self._queue_bytes += packet.size
            self._keyframes += packet.is_keyframe
            if packet.is_keyframe:
                self._drop_backlog(now_s)
            if self._queue_bytes > MAX_QUEUE_BYTES:
                self._wants_keyframe = True
                while self._queue:
                    self._drop(self._pop().stamp)
            self._changed.notify_all()

    def _stamp(self, packet: "Packet[VideoStream]", now_s: float) -> _Stamp:
        base = packet.time_base
        stamp = _Stamp(now_s)
        if not self._stamped:
            return stamp
        if packet.pts is None:
            self._without_time.append(stamp)
            return stamp
        stream_s = float(packet.pts * base)
        order_s = None if packet.dts is None else float(packet.dts * base)
        step = self._anchor.arrived(stream_s, now_s, order_s)
        if step is Step.JUMPED:
            self._tell(step, "its time stamps jump: they are counted anew from when it arrives")
        elif step is Step.RENEWED:
            self._tell(step, "its frames come later than before: their times count from that")
        stamp.epoch, stamp.stream_s = self._anchor.epoch, stream_s
        for frames, before in enumerate(reversed(self._without_time), 1):
            before.epoch, before.stream_s = stamp.epoch, stream_s - frames * self._period_s
        self._without_time.clear()
        return stamp

    def _decode(self, arrival: _Arrival) -> None:
        if arrival.packet.pts is not None:
            self._stamps[arrival.packet.pts] = arrival.stamp
        while len(self._stamps) > MAX_STAMPS:
            del self._stamps[next(iter(self._stamps))]
        self._latest = arrival.stamp
        self._decoded += self._container.decoded(arrival.packet)

    def _take(self) -> _Arrival | _Stamp | None:
        """The next packet to decode, once there is one and it is due; or the stamp of one that was
        dropped. None at the end.

        Raises SourceError where the stream broke off.
        """
        with self._changed:
            while not self._closed:
                now_s = self._clock()
                self._drop_backlog(now_s)
                if self._dropped and self._knows_times(now_s):
                    return self._dropped.popleft()
                wait_s = self._wait_s(now_s)
                if wait_s <= 0:
                    return self._pop()
                if self._ended and not self._queue:
                    break
                self._changed.wait(wait_s)
            if self._closed:
                return None
            if self._error is not None:
                raise self._error
            if not self._has_frames:
                raise SourceError(f"{self._container.name} holds no frame that can be decoded")
            return None

    def _wait_s(self, now_s: float) -> float:
        if not self._queue:
            return LOOK_S
        if not self._knows_times(now_s):
            return LOOK_S
        due_s = self._queue[0].stamp.due_s(segmented=self._segmented)
        return min(LOOK_S, due_s - now_s)

    def _knows_times(self, now_s: float) -> bool:
        """Whether times of capture are known: not while what was kept for us is being read."""
        return not self._stamped or self._ended or self._anchor.is_settled(now_s)

    def _pop(self) -> _Arrival:
        arrival = self._queue.popleft()
        self._queue_bytes -= arrival.packet.size
        self._keyframes -= arrival.packet.is_keyframe
        return arrival

    def _drop_backlog(self, now_s: float) -> None:
        """Where the oldest packet is no longer of use, leave out all before a keyframe that is; or
        before the last one, where none is.
        """
        if not self._knows_times(now_s):
            return
        while self._queue and self._is_late(self._queue[0].stamp, now_s):
            if self._keyframes == self._queue[0].packet.is_keyframe:
                return
            self._drop(self._pop().stamp)
            while not self._queue[0].packet.is_keyframe:
                self._drop(self._pop().stamp)

    def _is_late(self, stamp: _Stamp, now_s: float) -> bool:
        waited_s = now_s - stamp.due_s(segmented=self._segmented)
        return waited_s > MAX_WAIT_S or self._age_s(stamp, now_s) > MAX_OLD_S

    def _drop(self, stamp: _Stamp) -> None:
        if self._started:
            self._dropped.append(stamp)
        else:  # nobody has asked for frames
            self._forgotten += 1

    def _age_s(self, stamp: _Stamp, now_s: float) -> float:
        """How long ago a picture was captured, or due where it comes in segments."""
        if not self._segmented:
            return now_s - stamp.captured_s()
        return now_s - stamp.due_s(segmented=True)

    def _captured(self, frame: VideoFrame) -> CapturedFrame:
        self._has_frames = True
        stamp = self._latest if frame.pts is None else self._stamps.pop(frame.pts, self._latest)
        if self._age_s(stamp, self._clock()) > MAX_OLD_S:
            return self._old(stamp)
        captured_s, due_s = self._time_s(stamp), stamp.due_s(segmented=self._segmented)
        if captured_s < self.unwanted_before_s:
            return CapturedFrame(_NO_PICTURE, captured_s, due_s)
        return CapturedFrame(self._pictures.picture(frame), captured_s, due_s)

    def _old(self, stamp: _Stamp) -> CapturedFrame:
        self._tell(None, f"it is read late: frames older than {MAX_OLD_S:g} s are skipped")
        return CapturedFrame(_NO_PICTURE, self._time_s(stamp), old=True)

    def _tell(self, kind: Step | None, text: str) -> None:
        """Warn of each kind of fault once."""
        level = logging.DEBUG if kind in self._told or not self._started else logging.WARNING
        self._told |= {kind} if self._started else set()
        logger.log(level, "%s: %s", self._container.name, text)

    def _time_s(self, stamp: _Stamp) -> float:
        """Its time of capture, never before that of the frame before."""
        self._last_s = max(self._last_s, stamp.captured_s())
        return self._last_s
