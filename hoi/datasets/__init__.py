"""Small real data to try the library on; nothing is downloaded.

Each loader returns a pandas DataFrame of samples by variables. Its ``.attrs`` hold "name", "description",
"source", "licence", "citation" and "variables" (short name to long name), and what else is known of the
recording.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas

__all__ = ["available", "load_breast_cancer", "load_fmri", "load_wine"]

_NUISANCE = {"WM": "white matter", "Vent": "ventricles", "Brain": "whole brain"}

# The file has no legend: these readings of the abbreviations follow the names of the Harvard-Oxford atlas.
_STRUCTURES = {
    "Cau": "caudate",
    "Put": "putamen",
    "Thal": "thalamus",
    "Fpol": "frontal pole",
    "Ang": "angular gyrus",
    "SupraM": "supramarginal gyrus",
    "MTG": "middle temporal gyrus",
    "Hip": "hippocampus",
    "PostPHG": "posterior parahippocampal gyrus",
    "AntPHG": "anterior parahippocampal gyrus",
    "Amy": "amygdala",
    "ParaCing": "paracingulate gyrus",
    "PCC": "posterior cingulate cortex",
    "Prec": "precuneus",
}


def load_fmri(*, nuisance: bool = False) -> pandas.DataFrame:
    """Resting-state functional MRI of one person: 250 volumes of 28 brain regions.

    The person fixated a cross, awake and without a task; one volume was taken every 1.89 s. The values are
    in the scanner's arbitrary units, already filtered and with nuisance signals removed.

    Use it to learn the method, not to learn about brains: how it was acquired and prepared is not on record,
    and neighbouring volumes are alike (autocorrelation about 0.7), so that 250 volumes carry the evidence of
    fewer independent samples.

    Parameters
    ----------
    nuisance : bool, default False
        Also return the three nuisance series (white matter, ventricles, whole brain), raw, as the first
        columns.

    Returns
    -------
    pandas.DataFrame, shape (250, 28) or (250, 31)
        One row for each volume, one column for each region. L and R begin the names of the left and right
        hemisphere; ``.attrs["variables"]`` gives the long names.

    Notes
    -----
    The series is ``fmri_timeseries.csv`` of nitime 0.12.1 (BSD 3-Clause), contributed there by Beth Mormino.
    Its licence and its provenance lie beside it in the package.

    References
    ----------
    Rokem, Trumpis, Perez (2009). Nitime: time-series analysis for neuroimaging data. Proceedings of the 8th
    Python in Science Conference.

    Examples
    --------
    >>> from hoi.datasets import load_fmri
    >>> fmri = load_fmri()
    >>> fmri.shape
    (250, 28)
    >>> fmri.attrs["variables"]["LHip"]
    'left hippocampus'
    """
    import pandas as pd

    with files(__name__).joinpath("fmri_timeseries.csv").open(encoding="utf-8") as file:
        frame = pd.read_csv(file)
    if not nuisance:
        frame = frame.drop(columns=list(_NUISANCE))
    frame.attrs.update(
        name="fmri",
        description="resting-state functional MRI of one person, 250 volumes of 28 brain regions",
        variables={column: _region(column) for column in frame.columns},
        sampling_interval_s=1.89,
        value_units="arbitrary units of the scanner",
        source="fmri_timeseries.csv of nitime 0.12.1, https://github.com/nipy/nitime; from Beth Mormino",
        licence="BSD 3-Clause, copyright 2006-2011 NIPY Developers",
        citation="Rokem, Trumpis, Perez (2009), Nitime: time-series analysis for neuroimaging data, SciPy",
    )
    return frame


def load_wine() -> pandas.DataFrame:
    """Chemistry of 178 Italian wines of three cultivars: 13 measured quantities.

    Returns
    -------
    pandas.DataFrame, shape (178, 13)
        One row for each wine. ``.attrs["target"]`` holds the cultivar (0, 1 or 2) of each row.

    Notes
    -----
    From scikit-learn, which ships the UCI data set. Values are rounded, so some columns repeat many of them.

    References
    ----------
    Aeberhard, Forina (1992). Wine. UCI Machine Learning Repository. https://doi.org/10.24432/C5PC7J

    Examples
    --------
    >>> from hoi.datasets import load_wine
    >>> load_wine().columns[0]
    'alcohol'
    """
    from sklearn import datasets

    return _from_sklearn(
        datasets.load_wine(as_frame=True),
        name="wine",
        description="13 chemical quantities of 178 Italian wines of three cultivars",
        citation="Aeberhard, Forina (1992), Wine, UCI Machine Learning Repository, doi:10.24432/C5PC7J",
    )


def load_breast_cancer() -> pandas.DataFrame:
    """Shape of cell nuclei in 569 breast tumour biopsies: 30 quantities measured in digital images.

    Returns
    -------
    pandas.DataFrame, shape (569, 30)
        One row for each tumour: mean, standard error and worst value of ten features of the nuclei.
        ``.attrs["target"]`` holds the diagnosis of each row (0 malignant, 1 benign).

    Notes
    -----
    From scikit-learn, which ships the UCI data set. Several features nearly determine each other (radius,
    perimeter, area), which makes it a good example of strong redundancy.

    References
    ----------
    Wolberg, Mangasarian, Street, Street (1993). Breast Cancer Wisconsin (Diagnostic). UCI Machine Learning
    Repository. https://doi.org/10.24432/C5DW2B

    Examples
    --------
    >>> from hoi.datasets import load_breast_cancer
    >>> load_breast_cancer().shape
    (569, 30)
    """
    from sklearn import datasets

    return _from_sklearn(
        datasets.load_breast_cancer(as_frame=True),
        name="breast_cancer",
        description="30 quantities of the cell nuclei in images of 569 breast tumour biopsies",
        citation="Wolberg, Mangasarian, Street, Street (1993), Breast Cancer Wisconsin (Diagnostic), "
        "UCI Machine Learning Repository, doi:10.24432/C5DW2B",
    )


def available() -> pandas.DataFrame:
    """Table of the data sets: one row each, with its loader, size, description, licence and source.

    Returns
    -------
    pandas.DataFrame
        Index: the name of the data set.

    Examples
    --------
    >>> from hoi import datasets
    >>> datasets.available().loc["fmri", "loader"]
    'load_fmri'
    """
    import pandas as pd

    rows = {}
    for load in (load_fmri, load_wine, load_breast_cancer):
        frame = load()
        about = frame.attrs
        rows[about["name"]] = {
            "loader": load.__name__,
            "samples": len(frame),
            "variables": frame.shape[1],
            **{key: about[key] for key in ("description", "licence", "source")},
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("name")


def _region(column: str) -> str:
    """Long name of a column of the fMRI file."""
    if column in _NUISANCE:
        return _NUISANCE[column]
    if column == "APHG":
        # stands where the left partner of RAntPHG belongs
        return "left anterior parahippocampal gyrus"
    return f"{'left' if column[0] == 'L' else 'right'} {_STRUCTURES[column[1:]]}"


def _from_sklearn(bunch: Any, *, name: str, description: str, citation: str) -> pandas.DataFrame:
    """The features of a scikit-learn data set, with what is known of it."""
    frame = bunch.data.astype(float)
    frame.attrs.update(
        name=name,
        description=description,
        variables={column: column for column in frame.columns},
        target=bunch.target.tolist(),
        source="UCI Machine Learning Repository, as shipped with scikit-learn",
        licence="Creative Commons Attribution 4.0 (UCI), shipped with scikit-learn (BSD 3-Clause)",
        citation=citation,
    )
    return frame
