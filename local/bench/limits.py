"""AKS's limits and naptime's pace, both times the same factor."""

from dataclasses import dataclass

from shared.domain.fleet.shard import Pace


@dataclass(frozen=True, slots=True)
class Limits:
    """The factor on the simulator's limits and on the app's settings; 1 is what AKS enforces."""

    factor: float = 1.0

    @property
    def pace(self) -> Pace:
        """The app's default pace, times the factor."""
        default = Pace()
        rate = round(default.rate_per_second * self.factor, 3)
        return Pace(max(2, round(default.burst * self.factor)), rate)

    @property
    def settings(self) -> dict[str, str]:
        """The app's settings for that pace."""
        return {
            "NAPTIME_SHARD_BURST": str(self.pace.burst),
            "NAPTIME_SHARD_RATE_PER_SECOND": f"{self.pace.rate_per_second:g}",
        }

    @property
    def azure_options(self) -> tuple[str, ...]:
        """The simulator's options for its limits, which are enforced."""
        return ("--throttle", "--throttle-scale", f"{self.factor:g}")

    def __str__(self) -> str:
        """Say it for the table."""
        return "limits as AKS has them" if self.factor == 1 else f"limits x {self.factor:g}"
