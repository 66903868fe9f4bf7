"""What the wheel says of itself: with a compiled prefilter in it, it is for this machine's Python alone."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Compiled(BuildHookInterface[Any]):
    """hatchling asks it before every wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """`version`: standard or editable; an editable one carries nothing."""
        if version == "standard" and any(Path(self.root, "keywords").glob("_prefilter.*.so")):
            build_data["pure_python"], build_data["infer_tag"] = False, True
