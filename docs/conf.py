"""Settings of the documentation site: `make docs` builds it, with warnings as errors."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt

import hoi

mpl.use("Agg")
# of the front page and of all examples
mpl.rcParams.update({"axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False})

DOCS = Path(__file__).parent
# sphinx-gallery and autosummary write their pages here; git ignores it
GENERATED = "generated"
sys.path.insert(0, str(DOCS.parent / "tests"))

project = "hoi"
author = "The hoi developers"
copyright = author
version = release = hoi.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",  # a copy of MathJax in the site, so that it needs no network
    "sphinx_gallery.gen_gallery",
    "sphinxcontrib.bibtex",
]
exclude_patterns = ["_build", "gallery", "**.ipynb"]
nitpicky = True
nitpick_ignore_regex = [
    ("py:obj", r"[a-z_]+"),  # a parameter or an attribute, in single backticks
    ("py:.*", r"sklearn\..*"),
    ("py:.*", r"hoi_grokking\.(measures\.layer|store)(\..*)?|read"),  # not public
]
templates_path = ["_templates"]
default_role = "autolink"

# -- pages ------------------------------------------------------------------------------------------

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
bibtex_bibfiles = ["references.bib", "../hoi/_results/references.bib"]
bibtex_default_style = "plain"

# -- reference --------------------------------------------------------------------------------------

autosummary_generate = True
autodoc_typehints = "none"  # the docstrings say the types, in words
autodoc_member_order = "bysource"
numpydoc_show_class_members = False  # the template of classes lists them
numpydoc_xref_param_type = False
# there is a docstring, and it names no parameter that the function lacks
numpydoc_validation_checks = {"GL08", "PR02"}
# methods of systems and estimators, whose docstrings are those of the base class
numpydoc_validation_exclude = {
    r"\.(about|fit|fit_categories|problem|require_samples|scarcity)$", r"System\.information$",
}  # fmt: skip

# -- gallery ----------------------------------------------------------------------------------------

os.environ.setdefault("NUMBA_CACHE_DIR", str(DOCS / "_build" / "numba"))
sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": f"{GENERATED}/gallery",
    "subsection_order": ["gallery/basics", "gallery/neuroscience", "gallery/learning", "gallery/searching"],
    "within_subsection_order": "FileNameSortKey",
    "filename_pattern": r"\.py$",
    "abort_on_example_error": False,
    "only_warn_on_example_error": False,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 0,
    "download_all_examples": False,
    "remove_config_comments": True,
    "image_scrapers": ("matplotlib",),
    "capture_repr": ("_repr_html_",),
    "reset_modules": (),  # the settings of matplotlib above hold for all examples
    "matplotlib_animations": False,
    "reference_url": {},
    "backreferences_dir": None,
    "thumbnail_size": (480, 336),
    "image_srcset": ["2x"],
    "plot_gallery": True,
    "write_computation_times": False,
}

# -- looks ------------------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = f"hoi {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_logo = "_static/logo.svg"
html_favicon = "_static/logo.svg"
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "hoi"},
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_toc_level": 2,
    "use_edit_page_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "github-dark",
}
html_context = {"default_mode": "auto"}
html_sidebars = {"index": [], "**": ["sidebar-nav-bs"]}


def draw_front_page(app: object) -> None:
    """Save what the code on the front page draws, for the front page."""
    import pages  # of the tests

    pages.run_python(DOCS / "index.md")
    (DOCS / GENERATED).mkdir(exist_ok=True)
    plt.savefig(DOCS / GENERATED / "front-page.png", dpi=200, bbox_inches="tight")
    plt.close("all")


def setup(app: object) -> None:
    """Sphinx calls this; the pages are read after it."""
    app.connect("builder-inited", draw_front_page)
