"""An upright rectangle around a face."""

from typing import NamedTuple


class Box(NamedTuple):
    """Left, top, width and height in px of the image it was found in; confidence 0 to 1."""

    x: float
    y: float
    w: float
    h: float
    confidence: float

    @property
    def centre(self) -> tuple[float, float]:
        return self.x + self.w / 2, self.y + self.h / 2

    @property
    def long_side(self) -> float:
        return max(self.w, self.h)

    @property
    def area(self) -> float:
        return self.w * self.h

    def moved(self, dx: float, dy: float) -> "Box":
        """The box shifted by (dx, dy) px."""
        return self._replace(x=self.x + dx, y=self.y + dy)

    def scaled(self, factor: float) -> "Box":
        """The same place in an image `factor` times as large."""
        x, y, w, h, confidence = self
        return Box(factor * x, factor * y, factor * w, factor * h, confidence)

    def overlap(self, other: "Box") -> float:
        """Intersection over union, 0 to 1."""
        width = min(self.x + self.w, other.x + other.w) - max(self.x, other.x)
        height = min(self.y + self.h, other.y + other.h) - max(self.y, other.y)
        shared = max(width, 0.0) * max(height, 0.0)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0
