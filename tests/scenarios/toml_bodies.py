"""What Schemathesis has to know beside the description: text under a media type of its own."""

import schemathesis


@schemathesis.serializer("application/toml")
def as_it_is(_: schemathesis.SerializationContext, value: object) -> bytes:
    """Send the text as it is, whatever was made up for it."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
