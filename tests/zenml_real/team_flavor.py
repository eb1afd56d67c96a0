"""A flavor that a team made itself, as the samples have it; imported by ZenML in its own environment."""

from typing import Any

from zenml.orchestrators import BaseOrchestrator, BaseOrchestratorConfig, BaseOrchestratorFlavor


class BatchConfig(BaseOrchestratorConfig):
    cluster_url: str
    queue: str = "default"
    max_parallelism: int = 1


class Batch(BaseOrchestrator):
    def submit_pipeline(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError


class BatchFlavor(BaseOrchestratorFlavor):
    @property
    def name(self) -> str:
        return "my_batch"

    @property
    def config_class(self) -> type[BatchConfig]:
        return BatchConfig

    @property
    def implementation_class(self) -> type[Batch]:
        return Batch
