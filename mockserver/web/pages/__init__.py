"""The HTML pages, each set with its templates, and the assets of all of them in `assets`."""
