"""What a control answers when it cannot do what it was asked for."""


class ControlRefusedError(Exception):
    """A control that was refused; the status, and a text that names the field and the rule."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
