"""Every experiment runs in a tiny setting and writes its files; the command line says what it cannot do."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the case study trains with PyTorch")
pytest.importorskip("matplotlib", reason="the case study draws figures")

import hoi  # noqa: E402
from hoi_grokking import experiments  # noqa: E402
from hoi_grokking.cli import main  # noqa: E402
from hoi_grokking.config import paper_variants  # noqa: E402
from hoi_grokking.study import GROKKED, Settings, Study  # noqa: E402


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all experiments: they share the trained networks."""
    return tmp_path_factory.mktemp("grokking")


@pytest.mark.slow
@pytest.mark.xdist_group("grokking")
@pytest.mark.filterwarnings("ignore::hoi.HoiWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("name", experiments.NAMES)
def test_each_experiment_writes_its_files(name: str, out: Path) -> None:
    written = experiments.run(name, Study(Settings(out=out, scale="tiny", progress=False)))
    assert {path.suffix for path in written} >= {".csv", ".svg", ".png"}
    assert all(path.stat().st_size > 100 for path in written)


@pytest.mark.slow
def test_the_quick_version_groks_where_the_paper_does(tmp_path: Path) -> None:
    study = Study(Settings(out=tmp_path, scale="quick", progress=False))
    trained = study.run("paper", study.sweep(paper_variants()))
    test = dict(zip((v.label for v, _ in trained.sweep.members), trained.curves()["test_accuracy"], strict=True))
    grokked = {label for label, accuracy in test.items() if accuracy.max() >= GROKKED}
    assert grokked == {"weight decay 0.1", "weight decay 2", "alpha 8"}


def test_the_list_holds_every_module() -> None:
    folder = Path(experiments.__file__).parent
    modules = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}
    assert modules == set(experiments.NAMES)


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(experiments.NAMES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["figure", "10"], "no experiment 'figure_10'"),
        (["run", "figure_1", "figure_x"], "no experiment 'figure_x'"),
        (["run", "figure_1", "--seeds", "6"], "--seeds is 6, and has to be 1 to 5"),
        (["report", "--seeds", "0"], "--seeds is 0, and has to be 1 to 5"),
    ],
)
def test_what_cannot_run(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main([*arguments, "--out", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_all_is_every_experiment_and_then_the_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    done: list[str] = []
    monkeypatch.setattr(experiments, "run", lambda name, study: done.append(name) or [])
    monkeypatch.setattr("hoi_grokking.report.write_report", lambda study: done.append("report") or [study.out / "page"])
    assert main(["all", "--quick", "--out", str(tmp_path)]) == 0
    assert done == [*experiments.NAMES, "report"]
    *_, page, seconds = capsys.readouterr().out.splitlines()
    assert page.strip() == str(tmp_path / "page")
    assert seconds.strip() == "0 s", "and how long it took"


def test_a_folder_holds_one_study(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for _ in range(2):
        Study(Settings(out=tmp_path, scale="tiny")).open_folder()
    assert main(["report", "--quick", "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert f"{tmp_path} holds a study of scale 'tiny' with seeds [0, 100]" in said
    assert "this one is of scale 'quick' with seeds [0]. Give the scale and seeds of that one, or another" in said


def test_unknown_scale() -> None:
    with pytest.raises(hoi.HoiError, match="scale is 'huge', and has to be one of 'full', 'quick', 'tiny'"):
        Settings(scale="huge")
