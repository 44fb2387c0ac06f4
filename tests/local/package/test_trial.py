"""An unpacked package loads and answers with nothing but itself in reach."""

import shutil
from pathlib import Path

import pytest

from local.package.dependencies import SITE_PACKAGES
from local.package.trial import PackageFailed, Stage, answer, load
from tests.local.package.conftest import ROOT


@pytest.fixture(scope="session")
def stage(laid_out: Path, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Set the stage."""
    return Stage.set_up(ROOT, laid_out, tmp_path_factory.mktemp("runner"))


def test_it_loads_from_its_own_folder_alone(stage: Stage) -> None:
    """The worker library of the package finds all functions, and every lazy import is there."""
    assert {"on_cluster_created", "reconcile_one", "sweep_fleet"} <= set(load(stage))


async def test_it_answers_on_the_local_host(stage: Stage) -> None:
    """From the package alone, with the storage emulator behind it."""
    assert await answer(stage) == ["GET /api/health", "GET /api/openapi.json", "GET /api/runs"]


def test_nothing_of_the_repository_helps_out(stage: Stage, tmp_path: Path) -> None:
    """A module that the package lacks is missing, though it is in the repository."""
    broken = tmp_path / "app"
    shutil.copytree(stage.app / "functions", broken / "functions")
    shutil.copytree(stage.app / "shared", broken / "shared")
    shutil.copyfile(stage.app / "function_app.py", broken / "function_app.py")
    (broken / SITE_PACKAGES.parent).mkdir(parents=True)
    (broken / SITE_PACKAGES).symlink_to(stage.app / SITE_PACKAGES)
    (broken / "shared" / "settings.py").unlink()
    with pytest.raises(PackageFailed, match=r"No module named 'shared\.settings'"):
        load(Stage(broken, stage.runner))
