"""What a client takes: headers such as `Accept` and `Accept-Encoding` (RFC 9110 12.4.2)."""


def weights_of(header: str) -> dict[str, float]:
    """Give the weight of each thing that is named, in lower case; what cannot be read is 0."""
    weights: dict[str, float] = {}
    for item in header.lower().split(","):
        kind, *parameters = (part.strip() for part in item.split(";"))
        named = (map(str.strip, each.split("=", 1)) for each in parameters if "=" in each)
        weights[kind] = next((_weight(value) for name, value in named if name == "q"), 1.0)
    return weights


def weight_of(coding: str, header: str) -> float:
    """Give the weight of a content coding; `*` stands for those that are not named."""
    weights = weights_of(header)
    return weights.get(coding, weights.get("*", 0.0))


def _weight(value: str) -> float:
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    # Not so of what is no number either: "nan" is one to Python.
    return weight if 0 <= weight <= 1 else 0.0
