"""Settings of the documentation site: `make docs` builds it, with warnings as errors."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import hoi

# sphinx-gallery and autosummary write their pages here; git ignores it
GENERATED = "generated"

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
# a page of results comes in when there is one
suppress_warnings = ["toc.empty_glob"]
# written by the case study's reports, for a reader of the repository
templates_path = ["_templates"]
default_role = "autolink"

# -- pages ------------------------------------------------------------------------------------------

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "plain"

# -- reference --------------------------------------------------------------------------------------

autosummary_generate = True
autodoc_typehints = "none"  # the docstrings say the types, in words
autodoc_member_order = "bysource"
numpydoc_show_class_members = False  # the template of classes lists them
numpydoc_xref_param_type = False
numpydoc_validation_checks = {"GL03", "GL08", "PR01", "PR02", "PR03", "RT03", "SS02", "SS03"}
numpydoc_validation_exclude = {r"\.__init__$"}

# -- gallery ----------------------------------------------------------------------------------------

os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(__file__).parent / "_build" / "numba"))
sys.path.insert(0, str(Path(__file__).parent))
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
    "matplotlib_animations": False,
    "reference_url": {},
    "backreferences_dir": None,
    "thumbnail_size": (480, 336),
    "image_srcset": ["2x"],
    "plot_gallery": True,
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
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"index": []}
