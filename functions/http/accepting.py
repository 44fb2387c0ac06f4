"""What a client takes: headers such as `Accept` and `Accept-Encoding` (RFC 9110 12.4.2)."""


def weights_of(header: str) -> dict[str, float]:
    """Give the weight of each thing that is named, in lower case; what cannot be read is 0."""
    weights: dict[str, float] = {}
    for item in header.lower().split(","):
        kind, *parameters = (part.strip() for part in item.split(";"))
        weights[kind] = next((_weight(each) for each in parameters if each.startswith("q=")), 1.0)
    return weights


def weight_of(coding: str, header: str) -> float:
    """Give the weight of a content coding; `*` stands for those that are not named."""
    weights = weights_of(header)
    return weights.get(coding, weights.get("*", 0.0))


def _weight(parameter: str) -> float:
    try:
        return float(parameter.removeprefix("q="))
    except ValueError:
        return 0.0
