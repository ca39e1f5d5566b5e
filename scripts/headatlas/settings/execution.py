"""How the work is done; none of it changes a result's meaning."""

from pydantic import Field

from .base import Settings


class Execution(Settings):
    """The section `execution`."""

    device: str = Field(
        default="auto",
        pattern="^(auto|cpu|mps|cuda(:(0|[1-9][0-9]*))?)$",
        description="where models run; auto takes a GPU if there is one",
        title="auto, cpu, cuda, cuda:N, mps",
    )
    devices: int = Field(default=1, ge=1, le=1_024, description="GPUs to use at once")
    batch_size: int = Field(default=16, ge=1, le=1_000_000, description="windows in a forward pass")
    shards: int = Field(default=1, ge=1, le=10_000, description="parts the windows are run in")
